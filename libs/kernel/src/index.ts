export { canonicalJson } from './canonical-json.js';
export type { Json } from './canonical-json.js';
export type { Clock } from './clock.js';
export type { DurableFs } from './durable-fs.js';
export { groupBy } from './group-by.js';
export type { Sha256 } from './hasher.js';
export { asId, isDigest } from './ids.js';
export type {
  Branded,
  DatasetId,
  DeploymentId,
  Digest,
  JobId,
  LineId,
  ModelId,
  NodeId,
  ReleaseId,
  RolloutId,
  SiteId,
  SlotId,
} from './ids.js';
export { legible } from './legible.js';
export { LogField, silentLogger } from './logger.js';
export type { LogFields, Logger } from './logger.js';
export { isPlainLine, isPlainText, printable, printableJson, printableLine } from './plain-text.js';
export { err, ok } from './result.js';
export type { Result } from './result.js';
export { TaktError } from './takt-error.js';
export type { TaktErrorData, TaktErrorInit } from './takt-error.js';
