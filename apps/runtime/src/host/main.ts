import { performance } from 'node:perf_hooks';
import { configureImageLibrary } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import { loadPipeline } from './load-pipeline.js';
import type { Pipeline } from './load-pipeline.js';
import type { FromHost, ToHost } from './protocol.js';
import { watchParent } from './watch-parent.js';

const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
const asData = (thrown: unknown): ReturnType<TaktError['toData']> =>
  TaktError.from(thrown, { code: 'EngineHostFailed', action: 'see the log of the line', component: 'engine-host' }).toData();

let pipeline: Pipeline | undefined;
let queue: Promise<void> = Promise.resolve();

const send = (message: FromHost): void => {
  // A closed channel means that the runtime is gone; 'disconnect' ends this process, so the failure is nobody's news.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

async function handle(message: ToHost): Promise<void> {
  switch (message.type) {
    case 'load':
      try {
        pipeline = await loadPipeline(message.artifactPath, message.plan, clock);
        send({ type: 'ready' });
      } catch (thrown) {
        send({ type: 'refused', error: asData(thrown) });
      }
      return;
    case 'frame':
      try {
        if (pipeline === undefined) throw new Error('a frame came before the artifact was loaded');
        const { boxes, timings } = await pipeline.detect(message.bytes);
        send({ type: 'result', id: message.id, boxes, inferenceMs: timings.inferenceMs });
      } catch (thrown) {
        send({ type: 'frame-failed', id: message.id, error: asData(thrown) });
      }
      return;
    case 'end':
      await pipeline?.release();
      process.exit(0);
  }
}

// Signals to the whole process group (Ctrl-C) must not end an engine before the runtime has finished its frame.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToHost) => {
  queue = queue.then(() => handle(message));
});
configureImageLibrary();
watchParent(Number(process.argv[2] ?? process.ppid));
