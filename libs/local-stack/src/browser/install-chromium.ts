import { execa } from 'execa';
import { findChromium } from './find-chromium.js';
import type { Chromium } from './find-chromium.js';

export interface InstallChromiumOptions {
  /** PATH to search. */
  readonly path: string;
  /** Environment of package managers (proxies, HOME); PATH is taken from `path`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress?: (message: string) => void;
}

const STEP_TIMEOUT_MS = 300_000;
const INSTALLERS = [
  ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'],
  ['dnf', 'install', '-y', 'chromium'],
] as const;

/**
 * Finds Chromium, or installs it by the system's package manager where this process may. Nothing of takt needs it but the tests of
 * the console, so that its absence is an answer and no error: the reason why there is none.
 */
export const installChromium = async (options: InstallChromiumOptions): Promise<Chromium | { readonly missing: string }> => {
  const present = await findChromium(options.path);
  if (present !== undefined) return present;
  if (process.getuid?.() !== 0) return { missing: 'there is no Chromium on PATH, and only root could install one: install chromium' };
  const failures: string[] = [];
  for (const [command, ...args] of INSTALLERS) {
    options.onProgress?.(`chromium: trying ${command}`);
    const failure = await attempt(options, command, args);
    const found = failure === undefined ? await findChromium(options.path) : undefined;
    if (found !== undefined) return found;
    failures.push(`${command}: ${failure ?? 'gave no Chromium'}`);
  }
  return { missing: `there is no Chromium on PATH, and none could be installed (${failures.join('; ')})` };
};

/** What went wrong; an old package list is renewed once. */
async function attempt(options: InstallChromiumOptions, command: string, args: readonly string[]): Promise<string | undefined> {
  const call = async (words: readonly string[]): Promise<string | undefined> => {
    const result = await execa(command, words, {
      env: { ...options.env, PATH: options.path, DEBIAN_FRONTEND: 'noninteractive' },
      extendEnv: false,
      reject: false,
      timeout: STEP_TIMEOUT_MS,
      all: true,
    });
    if (!result.failed) return undefined;
    if (result.code === 'ENOENT') return 'is not there';
    const last = (result.all ?? '').trim().split('\n').at(-1) ?? '';
    return last === '' ? (result.shortMessage ?? 'failed') : last;
  };
  const failure = await call(args);
  if (failure === undefined || failure === 'is not there' || command !== 'apt-get') return failure;
  await call(['update']);
  return call(args);
}
