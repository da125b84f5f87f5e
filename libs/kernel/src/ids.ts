declare const brand: unique symbol;

/** A string that only the matching constructor may make, so that a node id is never passed for a line id. */
export type Branded<T extends string> = string & { readonly [brand]: T };

export type SiteId = Branded<'SiteId'>;
export type LineId = Branded<'LineId'>;
export type NodeId = Branded<'NodeId'>;
export type SlotId = Branded<'SlotId'>;
export type ModelId = Branded<'ModelId'>;
export type DatasetId = Branded<'DatasetId'>;
export type ReleaseId = Branded<'ReleaseId'>;
export type DeploymentId = Branded<'DeploymentId'>;
export type JobId = Branded<'JobId'>;
export type RolloutId = Branded<'RolloutId'>;
/** `sha256:` and 64 lower-case hex digits. */
export type Digest = Branded<'Digest'>;

/** Casts a string that was validated (by a schema or the database) to its id type. */
export const asId = <T extends Branded<string>>(value: string): T => value as T;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export const isDigest = (value: string): value is Digest => DIGEST.test(value);
