import { asId } from '@takt/kernel';
import type { Digest } from '@takt/kernel';
import { createHash } from 'node:crypto';

export const digestOf = (bytes: Uint8Array): Digest => asId<Digest>(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);

/** File name of an artifact: its digest's hex digits. */
export const artifactFileName = (digest: Digest): string => `${digest.slice('sha256:'.length)}.onnx`;
