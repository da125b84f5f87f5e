export { HOSTILE_KINDS, hostileModel } from './hostile-model/hostile-model.js';
export type { HostileModel } from './hostile-model/hostile-model.js';
export { imageClassifier, imageSegmenter } from './image-networks.js';
export type { ImageNetworkOptions } from './image-networks.js';
export { startTestStack } from './test-stack.js';
export type { TestNatsServer, TestPostgres, TestStack, TestStackOptions } from './test-stack.js';
export { tinyDetector } from './tiny-detector.js';
export type { TinyDetectorOptions } from './tiny-detector.js';
export { until } from './until.js';
