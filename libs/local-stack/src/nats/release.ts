import { createHash } from 'node:crypto';
import { chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** Release that is downloaded where nothing else gives a nats-server. */
export const RELEASE_VERSION = '2.12.7';

/** SHA-256 of the official archives, as the NATS project pins them for its own container images. */
const RELEASE_SHA256: Readonly<Record<string, string>> = {
  'linux-x64': '570d2d627db111e679cc1e6bc57ba78f373ed1769acd8dc9c21c8f62d15b3c52',
  'linux-arm64': '3b9a79986778285c0e5acaba0b1218b72f6159db68fe5b8916a7d846240f9f22',
};
const GO_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Why a step gave nothing, in words for the person who reads the end of the chain. */
export class StepFailed extends Error {}

/**
 * Downloads the official release into `toolDir`. Nothing is unpacked before its digest is the pinned one.
 *
 * @throws StepFailed
 */
export const downloadRelease = async (toolDir: string, platform: string, arch: string): Promise<string> => {
  const expected = RELEASE_SHA256[`${platform}-${arch}`];
  const goArch = GO_ARCH[arch];
  if (expected === undefined || goArch === undefined) throw new StepFailed(`no pinned release for ${platform} ${arch}`);
  const folder = `nats-server-v${RELEASE_VERSION}-${platform}-${goArch}`;
  const url = `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/${folder}.tar.gz`;
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) }).catch((thrown: unknown) => {
    throw new StepFailed(`download failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  });
  if (!response.ok) throw new StepFailed(`download answered ${String(response.status)}`);
  const archive = new Uint8Array(await response.arrayBuffer());
  const digest = createHash('sha256').update(archive).digest('hex');
  if (digest !== expected) throw new StepFailed(`the downloaded archive has digest ${digest}, expected ${expected}`);
  const temporary = await mkdtemp(join(toolDir, '.download-'));
  try {
    const file = join(temporary, 'release.tar.gz');
    await writeFile(file, archive);
    await execa('tar', ['-xzf', file, '-C', temporary], { timeout: 120_000 });
    const binary = join(temporary, folder, 'nats-server');
    await chmod(binary, 0o755);
    await rename(binary, join(toolDir, 'nats-server'));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return join(toolDir, 'nats-server');
};
