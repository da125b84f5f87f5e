import { TaktError } from '@takt/kernel';
import type { Clock, DeploymentId } from '@takt/kernel';
import type { FrameEvent } from '../activation/machine-types.js';
import type { CameraFrame } from '../camera/camera.js';
import type { ImageFaultStage } from '../camera/source-health.js';
import { ENGINE_LOST } from '../engines/engine-host.js';
import type { HostResult } from '../engines/engine-host.js';
import { UNREADABLE_FRAME } from '../host/protocol.js';
import type { ResultSink } from '../sink/result-file.js';
import { DropReason } from './frame-ledger.js';
import type { FrameLedger } from './frame-ledger.js';
import type { FrameQueue } from './frame-queue.js';
import type { ServiceCounters } from './service-counters.js';
import type { ServiceWindow } from './service-window.js';

export interface ServeLineOptions {
  readonly queue: FrameQueue<CameraFrame>;
  readonly ledger: FrameLedger;
  readonly window: ServiceWindow;
  readonly counters: ServiceCounters;
  readonly sink: ResultSink;
  readonly clock: Clock;
  /** Engines that may serve the next frame, in the order they are tried. */
  readonly engines: () => readonly DeploymentId[];
  readonly detect: (deploymentId: DeploymentId, bytes: Uint8Array) => Promise<HostResult>;
  readonly observe: (event: FrameEvent) => void;
  readonly onError: (error: TaktError) => void;
  /** The picture of a frame was decoded. */
  readonly onDecoded: (name: string) => void;
  /** The picture of a frame cannot be read or decoded. */
  readonly onUnreadable: (name: string, error: TaktError, stage: ImageFaultStage) => void;
}

/**
 * Serves frames one after another until the queue is closed. The engine is chosen at each frame's start, so a swap falls between
 * two frames and costs none. Each frame taken from the queue ends in the sink or as a counted drop.
 */
export async function serveLine(options: ServeLineOptions): Promise<void> {
  const { queue } = options;
  for (let frame = await queue.take(); frame !== undefined; frame = await queue.take()) await serveFrame(frame, options);
}

async function serveFrame(frame: CameraFrame, options: ServeLineOptions): Promise<void> {
  const { ledger, sink, clock, window, counters } = options;
  const drop = (reason: DropReason): void => {
    ledger.drop(frame.number);
    sink.drop(frame.number, reason);
  };
  const engines = options.engines();
  if (engines.length === 0) {
    drop(DropReason.noEngine);
    return;
  }
  const takenAt = clock.monotonic();
  const bytes = await frame
    .bytes()
    .catch((thrown: unknown) =>
      TaktError.from(thrown, { code: UNREADABLE_FRAME, action: 'see the log of the line', component: 'runtime' }),
    );
  if (bytes instanceof TaktError) {
    options.onUnreadable(frame.name, bytes, 'read');
    drop(DropReason.unreadable);
    return;
  }
  for (const [index, deploymentId] of engines.entries()) {
    const startedAt = index === 0 ? takenAt : clock.monotonic();
    const seen = { type: 'frame' as const, deploymentId, planned: index === 0, takenAt: startedAt };
    const outcome = await options
      .detect(deploymentId, bytes)
      .catch((thrown: unknown) => TaktError.from(thrown, { code: 'FrameFailed', action: 'see the log of the line', component: 'runtime' }));
    if (!(outcome instanceof TaktError)) {
      options.onDecoded(frame.name);
      sink.deliver({ frame: frame.number, deploymentId, serviceMs: clock.monotonic() - takenAt, ...outcome });
      const doneAt = clock.monotonic();
      ledger.deliver(frame.number);
      window.add(doneAt, doneAt - takenAt);
      counters.add(doneAt - takenAt);
      options.observe({ ...seen, ok: true, doneAt, droppedTotal: ledger.counts().dropped });
      return;
    }
    options.onError(outcome);
    if (outcome.code === UNREADABLE_FRAME) {
      options.onUnreadable(frame.name, outcome, 'decode');
      drop(DropReason.unreadable);
      return;
    }
    // A lost process costs an attempt, not an error as well.
    if (outcome.code !== ENGINE_LOST) {
      options.observe({ ...seen, ok: false, doneAt: clock.monotonic(), droppedTotal: ledger.counts().dropped });
    }
  }
  drop(DropReason.engineFailed);
}
