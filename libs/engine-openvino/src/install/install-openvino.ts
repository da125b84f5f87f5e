import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TaktError } from '@takt/kernel';
import { execa } from 'execa';
import { findOpenVino } from '../library/find-library.js';
import type { OpenVinoFiles } from '../library/find-library.js';
import { OPENVINO_VERSION, isWanted, pinnedWheel } from './release.js';
import type { PinnedWheel } from './release.js';
import { oneAtATime } from './one-at-a-time.js';
import { unzip } from './unzip.js';

export interface InstallOpenVinoOptions {
  /** Folders that may have it already; the first is where it is put, see {@link openVinoFolders}. */
  readonly folders: readonly string[];
  /** Environment of pip (proxies, its index, PATH). */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The wheel itself, as a file or an address to download it from, for machines where pip reaches none. */
  readonly wheel?: string;
  readonly platform?: string;
  readonly arch?: string;
  readonly onProgress?: (message: string) => void;
}

const STEP_TIMEOUT_MS = 600_000;
/** Without a network pip would try for minutes. */
const PIP_OPTIONS = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--retries=1', '--timeout=15'];

/** Why a step gave nothing, in words for the person who reads the end of the chain. */
class StepFailed extends Error {}

type Step = { readonly name: string; readonly fetch: (into: string) => Promise<Uint8Array> };

/**
 * Finds OpenVINO or brings it: the wheel that was named, else the one that pip fetches. Nothing is unpacked before its digest
 * is the pinned one. Each way that fails says why, and the error lists them all.
 *
 * @throws TaktError `OpenVinoMissing`
 */
export async function installOpenVino(options: InstallOpenVinoOptions): Promise<OpenVinoFiles> {
  const { folders, platform = process.platform, arch = process.arch } = options;
  const present = await findOpenVino(folders);
  if (present !== undefined) return present;
  const folder = folders[0] ?? '';
  const pinned = pinnedWheel(platform, arch);
  if (pinned === undefined || folder === '') throw missing(folder, `no release is pinned for ${platform} ${arch}`);
  await mkdir(folder, { recursive: true });
  return oneAtATime(folder, async () => (await findOpenVino(folders)) ?? bring(options, folder, pinned));
}

async function bring(
  { folders, env, wheel, onProgress }: InstallOpenVinoOptions,
  folder: string,
  pinned: PinnedWheel,
): Promise<OpenVinoFiles> {
  const temporary = await mkdtemp(join(folder, '.download-'));
  const failures: string[] = [];
  try {
    for (const step of stepsOf(wheel, pinned, env)) {
      onProgress?.(`openvino: trying ${step.name}`);
      try {
        const archive = await step.fetch(temporary);
        const digest = createHash('sha256').update(archive).digest('hex');
        if (digest !== pinned.sha256) throw new StepFailed(`the file has digest ${digest}, expected ${pinned.sha256}`);
        await unpackInto(folder, temporary, archive);
        const found = await findOpenVino(folders);
        if (found !== undefined) return found;
        failures.push(`${step.name}: gave no libopenvino_c.so`);
      } catch (thrown) {
        failures.push(`${step.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  throw missing(folder, failures.join('; '));
}

const stepsOf = (wheel: string | undefined, pinned: PinnedWheel, env: InstallOpenVinoOptions['env']): readonly Step[] => {
  const pip = (command: string, before: readonly string[]): Step => ({
    name: `${[command, ...before].join(' ')} download openvino ${OPENVINO_VERSION}`,
    fetch: (into) => fetchWithPip(command, before, pinned, env, into),
  });
  return [
    ...(wheel === undefined || wheel === '' ? [] : [{ name: wheel, fetch: () => fetchNamed(wheel) }]),
    pip('python3', ['-m', 'pip']),
    pip('pip3', []),
  ];
};

async function fetchWithPip(
  command: string,
  before: readonly string[],
  pinned: PinnedWheel,
  env: InstallOpenVinoOptions['env'],
  into: string,
): Promise<Uint8Array> {
  const args = ['download', ...PIP_OPTIONS, ...pinned.pip, '--dest', into];
  const result = await execa(command, [...before, ...args, `openvino==${OPENVINO_VERSION}`], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    timeout: STEP_TIMEOUT_MS,
    all: true,
  });
  if (result.code === 'ENOENT') throw new StepFailed(`${command} is not there`);
  if (result.failed) throw new StepFailed((result.all ?? '').trim().split('\n').at(-1) || (result.shortMessage ?? `${command} failed`));
  const file = (await readdir(into)).find((name) => name.endsWith('.whl'));
  if (file === undefined) throw new StepFailed('pip brought no wheel');
  return readFile(join(into, file));
}

async function fetchNamed(wheel: string): Promise<Uint8Array> {
  if (!/^https?:/.test(wheel)) return readFile(wheel);
  const response = await fetch(wheel, { signal: AbortSignal.timeout(STEP_TIMEOUT_MS) }).catch((thrown: unknown) => {
    throw new StepFailed(`download failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  });
  if (!response.ok) throw new StepFailed(`download answered ${String(response.status)}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Unpacks beside and moves, so that a folder that is found is a whole one. */
async function unpackInto(folder: string, temporary: string, archive: Uint8Array): Promise<void> {
  const unpacked = join(temporary, 'wheel');
  await unzip(archive, unpacked, isWanted);
  for (const name of await readdir(unpacked)) {
    await rm(join(folder, name), { recursive: true, force: true });
    await rename(join(unpacked, name), join(folder, name));
  }
}

const missing = (folder: string, why: string): TaktError =>
  new TaktError({
    code: 'OpenVinoMissing',
    message: `no OpenVINO was found below ${folder} and none could be fetched (${why})`,
    action: `install OpenVINO and name its folder in TAKT_OPENVINO_DIR, or name the wheel of ${OPENVINO_VERSION} (a file or an address) in TAKT_OPENVINO_WHEEL`,
    component: 'engine-openvino',
    element: 'openvino',
  });
