import { requireArchiveHead } from '@takt/artifact-store';
import type { ArchiveLimits, PutOptions, ServerArtifactStore } from '@takt/artifact-store';
import type { UploadPurpose } from '@takt/contracts';
import type { TaktError } from '@takt/kernel';
import { requireModelHead } from '@takt/onnx';
import { refused } from '../errors.js';

export const modelTooLarge = (maxModelBytes: number, sizeBytes?: number): TaktError =>
  refused(
    'ModelTooLarge',
    `the model has ${sizeBytes === undefined ? 'more' : String(sizeBytes)} bytes${sizeBytes === undefined ? ' than' : '; the limit is'} ${String(maxModelBytes)}`,
    'export a smaller model, or raise TAKT_MAX_MODEL_BYTES of the control plane',
  );

/** Bytes of a data set's tar for each byte that its upload may have: images and labels hardly shrink. */
const UNPACKED_PER_BYTE = 4;
const MAX_ARCHIVE_ENTRIES = 1_000_000;

/** What is refused of an upload before, or while, its bytes come. */
export class UploadLimits {
  constructor(
    private readonly files: Pick<ServerArtifactStore, 'requireRoom'>,
    readonly maxModelBytes: number,
    private readonly maxArtifactBytes: number,
  ) {}

  /** What the look into the archive of a data set may cost. */
  get archive(): Pick<ArchiveLimits, 'maxBytes' | 'maxEntries'> {
    return { maxBytes: UNPACKED_PER_BYTE * this.maxArtifactBytes, maxEntries: MAX_ARCHIVE_ENTRIES };
  }

  /** @throws TaktError `ModelTooLarge`, `ArtifactTooLarge`, `StorageFull` */
  async check(as: UploadPurpose, sizeBytes: number): Promise<void> {
    if (as === 'model' && sizeBytes > this.maxModelBytes) throw modelTooLarge(this.maxModelBytes, sizeBytes);
    await this.files.requireRoom(sizeBytes);
  }

  /** What the store holds the bytes to as they come. */
  optionsFor(as: UploadPurpose): Pick<PutOptions, 'checkHead' | 'maxBytes'> {
    if (as === 'model') return { checkHead: requireModelHead, maxBytes: this.maxModelBytes };
    return as === 'dataset' ? { checkHead: requireArchiveHead } : {};
  }
}
