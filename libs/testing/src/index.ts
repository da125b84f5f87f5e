export { tinyDetector } from './tiny-detector.js';
export type { TinyDetectorOptions } from './tiny-detector.js';
