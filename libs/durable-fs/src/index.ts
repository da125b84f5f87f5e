export { createDurableFs } from './create-durable-fs.js';
export { TEMPORARY_SUFFIX } from './operation.js';
export type { DurableFsOptions, FileOperation } from './operation.js';
export { answersOn, socketAddress } from './socket-address.js';
export type { SocketAddress } from './socket-address.js';
export { sweepTemporaryFiles } from './sweep.js';
export { readRegularFile } from './read-regular-file.js';
