export { startTestStack } from './test-stack.js';
export type { TestNatsServer, TestPostgres, TestStack, TestStackOptions } from './test-stack.js';
export { tinyDetector } from './tiny-detector.js';
export type { TinyDetectorOptions } from './tiny-detector.js';
export { until } from './until.js';
