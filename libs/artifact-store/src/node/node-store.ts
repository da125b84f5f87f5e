import { createReadStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ArtifactRef } from '@takt/contracts';
import { TaktError, isDigest } from '@takt/kernel';
import type { Digest, DurableFs } from '@takt/kernel';
import { hashFile, hexOf, openDigestWriter } from '../files/digest-writer.js';
import { spaceError } from '../files/disk-space.js';
import { download } from './download.js';
import type { DownloadOptions } from './download.js';
import { unpackTar } from './unpack.js';
import type { UnpackOptions } from './unpack.js';

/** Content-addressed files and unpacked data sets of one node. A file under its name was checked when it got it. */
export interface NodeStore {
  /** `<data>/artifacts/sha256/<hex>`, whether or not it is there. */
  artifactPath(digest: Digest): string;
  /** `<data>/datasets/<hex>`, whether or not it is there. */
  datasetPath(digest: Digest): string;
  /** Digests of all files and of all unpacked data sets. */
  contents(): Promise<{ readonly artifacts: readonly Digest[]; readonly datasets: readonly Digest[] }>;
  /** Downloads the file unless it is there; see `download`. */
  fetch(ref: ArtifactRef, options: DownloadOptions): Promise<string>;
  /** Copies a finished local file into the store and says what it is. */
  adopt(file: string, fileName: string): Promise<ArtifactRef>;
  /** Unpacks the data set of an artifact that is there, unless it is unpacked already; see `unpackTar`. */
  unpack(digest: Digest, options?: UnpackOptions): Promise<string>;
  /** Removes every file and data set that is not named. Returns how many were removed. */
  prune(keep: ReadonlySet<Digest>): Promise<number>;
}

/** @param root the node's data folder */
export function createNodeStore(root: string, fs: DurableFs): NodeStore {
  const artifactsFolder = join(root, 'artifacts', 'sha256');
  const datasetsFolder = join(root, 'datasets');
  const artifactPath = (digest: Digest): string => join(artifactsFolder, hexOf(digest));
  const datasetPath = (digest: Digest): string => join(datasetsFolder, hexOf(digest));
  const exists = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;
  const digestsIn = async (folder: string): Promise<Digest[]> => (await fs.list(folder)).map((name) => `sha256:${name}`).filter(isDigest);

  return {
    artifactPath,
    datasetPath,
    contents: async () => ({ artifacts: await digestsIn(artifactsFolder), datasets: await digestsIn(datasetsFolder) }),
    async fetch(ref, options) {
      const path = artifactPath(ref.digest);
      if (!(await exists(path))) await download(fs, ref, path, options);
      return path;
    },
    async adopt(file, fileName) {
      const { digest, sizeBytes } = await hashFile(file);
      const path = artifactPath(digest);
      if (!(await exists(path))) await copyInto(fs, file, path);
      return { digest, sizeBytes, fileName };
    },
    async unpack(digest, options) {
      const target = datasetPath(digest);
      if (await exists(target)) return target;
      if (!(await exists(artifactPath(digest)))) {
        throw new TaktError({
          code: 'ArtifactMissing',
          message: `data set ${digest} is not on this node`,
          action: 'nothing to do; it is fetched first',
          component: 'artifact-store',
          element: digest,
          retryable: true,
        });
      }
      await unpackTar(fs, artifactPath(digest), target, options);
      return target;
    },
    async prune(keep) {
      const kept = new Set([...keep].map(hexOf));
      let removed = 0;
      for (const folder of [artifactsFolder, datasetsFolder]) {
        for (const name of await fs.list(folder)) {
          // Parts of running downloads carry the digest too, and are kept with it.
          const hex = name.slice(0, 64);
          if (isDigest(`sha256:${hex}`) && !kept.has(hex)) {
            await fs.remove(join(folder, name));
            removed += 1;
          }
        }
      }
      return removed;
    },
  };
}

async function copyInto(fs: DurableFs, file: string, path: string): Promise<void> {
  const part = `${path}.adopting`;
  await mkdir(dirname(path), { recursive: true });
  const writer = await openDigestWriter(part, { resume: false });
  try {
    for await (const chunk of createReadStream(file)) await writer.write(chunk as Buffer);
  } catch (thrown) {
    await writer.suspend();
    throw spaceError(thrown, file, dirname(path));
  }
  const copied = await writer.finish();
  if (hexOf(copied.digest) !== basename(path)) {
    throw new TaktError({
      code: 'ArtifactDigestMismatch',
      message: `${file} changed while it was copied`,
      action: 'nothing to do; it is copied again',
      component: 'artifact-store',
      element: file,
      retryable: true,
    });
  }
  await fs.publish(part, path);
}
