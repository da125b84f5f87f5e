import { readRegularFile } from '@takt/durable-fs';
import { configureImageLibrary, decodeImage, readImage } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import { processConfig } from '../config.js';
import { systemClock } from '../process/monotonic-clock.js';
import { createEngine } from './create-engine.js';
import { MeasuringHost } from './measuring-host.js';
import { withRunnableFile } from './runnable-file.js';
import type { HostMessage, HostRequest } from './messages.js';

/** Entry of a measuring host: requests and answers over the IPC channel; ends when the channel closes. */
configureImageLibrary();
const send = (message: HostMessage): void => {
  if (process.connected) process.send?.(message);
};
const { openVinoDir } = processConfig();
const host = new MeasuringHost({
  engineNamed: (name) => createEngine(name, openVinoDir),
  clock: systemClock,
  decodeImage,
  readFile: (path) => readImage(path, readRegularFile),
  withRunnableFile,
  progress: (done, total) => {
    send({ type: 'progress', done, total });
  },
});

process.on('disconnect', () => process.exit(0));
// The parent decides when a host ends; a terminal's Ctrl-C reaches the whole process group.
process.on('SIGINT', () => undefined);
process.on('message', (request: HostRequest) => {
  host.handle(request).then(
    (answer) => {
      send({ type: 'answer', answer });
    },
    (thrown: unknown) => {
      const fallback = { code: 'MeasuringFailed', action: 'see the message; check the model and the images', component: 'worker' };
      send({ type: 'error', error: TaktError.from(thrown, fallback).toData() });
    },
  );
});
