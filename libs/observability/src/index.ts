export { createLogger, LogLevel } from './logger.js';
export type { LoggerOptions } from './logger.js';
