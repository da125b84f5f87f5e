export { pushContent } from './content.js';
export { ensureTopology, startFleet } from './fleet.js';
export type { StartedNode } from './fleet.js';
export { createOutput, describeError } from './output.js';
export type { Output } from './output.js';
export { createBaseline, createOptimised } from './releases.js';
export { startServices } from './services.js';
export type { Services } from './services.js';
export { untilEnded } from './watch.js';
