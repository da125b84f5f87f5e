export { createOrtAdapter } from './ort-adapter.js';
export type { OrtAdapter } from './ort-adapter.js';
export { sessionOptions } from './session-options.js';
export type { OptimizationLevel, SessionSettings } from './session-options.js';
