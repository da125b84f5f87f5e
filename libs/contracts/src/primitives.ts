import type {
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
  TaktErrorData,
} from '@takt/kernel';
import { isPlainLine, isPlainText } from '@takt/kernel';
import { z } from 'zod';
import { TIMESTAMP_MAX_LENGTH } from './wire-limits.js';

/** Ids are lower-case UUIDs on every wire; the brand keeps them apart in the code. */
const id = <T extends string>(): z.ZodType<T, string> => z.uuid().transform((value) => value as unknown as T);

export const siteIdSchema = id<SiteId>();
export const lineIdSchema = id<LineId>();
export const nodeIdSchema = id<NodeId>();
export const slotIdSchema = id<SlotId>();
export const modelIdSchema = id<ModelId>();
export const datasetIdSchema = id<DatasetId>();
export const releaseIdSchema = id<ReleaseId>();
export const deploymentIdSchema = id<DeploymentId>();
export const jobIdSchema = id<JobId>();
export const rolloutIdSchema = id<RolloutId>();

/** A name or another text of one line that a request gives, at most `max` characters: what a terminal would obey is refused. */
export const lineText = (max: number): z.ZodString =>
  z.string().min(1).max(max).refine(isPlainLine, 'use text of one line, without control characters');

/** A code or token as it is pasted: blanks and line ends around it are cut off. */
export const pastedText = (max: number): z.ZodString =>
  z.string().trim().min(1).max(max).refine(isPlainLine, 'use text of one line, without control characters');

/** A text of several lines that a request gives, at most `max` characters. */
export const plainText = (max: number): z.ZodString =>
  z.string().min(1).max(max).refine(isPlainText, 'use text without control characters; line feeds and tabs may be in it');

export const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits') as unknown as z.ZodType<
  Digest,
  string
>;

/** Wall-clock time as ISO 8601 in UTC; for people and ordering within one machine, never for durations. */
export const timestampSchema = z.iso.datetime().max(TIMESTAMP_MAX_LENGTH);

/** Short name that is safe in subjects, file names and unit names: `line-1`. */
export const slugSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'use lower-case letters, digits and "-"');

/** A file in the artifact store. */
export const artifactRefSchema = z.object({
  digest: digestSchema,
  sizeBytes: z.int().nonnegative(),
  fileName: z.string().min(1),
});
export type ArtifactRef = z.output<typeof artifactRefSchema>;

export const taktErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  action: z.string(),
  phase: z.string().optional(),
  component: z.string().optional(),
  element: z.string().optional(),
  retryable: z.boolean(),
}) satisfies z.ZodType<TaktErrorData>;
