import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
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
  /**
   * Hashes a file that is about to be used. One that is not what its name says is removed, so that it is fetched again.
   *
   * @throws TaktError `ArtifactDamaged` (retryable)
   */
  verify(digest: Digest): Promise<void>;
  /** Hashes the files of an unpacked data set; as `verify`, and it is unpacked again. One without a list of its files is taken as it is. */
  verifyDataset(digest: Digest): Promise<void>;
  /** Removes every file and data set that is not named. Returns how many were removed. */
  prune(keep: ReadonlySet<Digest>): Promise<number>;
}

/** @param root the node's data folder */
export function createNodeStore(root: string, fs: DurableFs): NodeStore {
  const artifactsFolder = join(root, 'artifacts', 'sha256');
  const datasetsFolder = join(root, 'datasets');
  const artifactPath = (digest: Digest): string => join(artifactsFolder, hexOf(digest));
  const datasetPath = (digest: Digest): string => join(datasetsFolder, hexOf(digest));
  const listPath = (digest: Digest): string => join(datasetsFolder, `${hexOf(digest)}.files.json`);
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
      await this.verify(digest);
      await unpackTar(fs, artifactPath(digest), target, options);
      await fs.write(listPath(digest), JSON.stringify(await listFiles(target)));
      return target;
    },
    async verify(digest) {
      const path = artifactPath(digest);
      const found = await hashFile(path).catch(() => undefined);
      if (found?.digest === digest) return;
      await fs.remove(path);
      throw damaged(digest, path, 'it is fetched again');
    },
    async verifyDataset(digest) {
      const target = datasetPath(digest);
      const expected = await fs.read(listPath(digest)).catch(() => undefined);
      const found = await listFiles(target).catch(() => undefined);
      const isListed = expected !== undefined && isFileList(Buffer.from(expected).toString('utf8'));
      if (found !== undefined && (!isListed || JSON.stringify(found) === Buffer.from(expected).toString('utf8'))) return;
      await fs.remove(target);
      await fs.remove(listPath(digest));
      throw damaged(digest, target, 'it is unpacked again');
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

/** `[path, digest]` of every file below a folder, sorted. @throws where it cannot be read, or is not a folder */
async function listFiles(folder: string, below = ''): Promise<[string, Digest][]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const files: [string, Digest][] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) files.push(...(await listFiles(folder, path)));
    else files.push([path, (await hashFile(join(folder, path))).digest]);
  }
  return files;
}

function isFileList(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

const damaged = (digest: Digest, path: string, remedy: string): TaktError =>
  new TaktError({
    code: 'ArtifactDamaged',
    message: `${path} does not hold ${digest} any more; it was removed and ${remedy}`,
    action: 'check the disk of the node (dmesg, smartctl -a) if this comes again',
    component: 'artifact-store',
    element: digest,
    retryable: true,
  });

async function copyInto(fs: DurableFs, file: string, path: string): Promise<void> {
  const part = `${path}.adopting`;
  await mkdir(dirname(path), { recursive: true });
  await rm(part, { force: true, recursive: true });
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
