export { createDurableFs } from './create-durable-fs.js';
export { TEMPORARY_SUFFIX } from './operation.js';
export type { DurableFsOptions, FileOperation } from './operation.js';
export { sweepTemporaryFiles } from './sweep.js';
