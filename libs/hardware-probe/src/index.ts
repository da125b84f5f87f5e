export { findEngines } from './find-engines.js';
export { probeHardware } from './probe-hardware.js';
export type { ProbedHardware } from './probe-hardware.js';
export { readBox } from './read-box.js';
export type { ProbeOptions } from './read-box.js';
