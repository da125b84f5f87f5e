import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

export interface Chromium {
  readonly path: string;
  /** `156.0.8078.79` */
  readonly version: string;
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The first Chromium of `path` (a PATH value) that runs; undefined where there is none. */
export const findChromium = async (path: string): Promise<Chromium | undefined> => {
  const folders = [...new Set([...path.split(delimiter).filter((folder) => folder !== ''), '/usr/bin', '/usr/local/bin', '/snap/bin'])];
  for (const candidate of NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    const version = executable ? await versionOf(candidate) : undefined;
    if (version !== undefined) return { path: candidate, version };
  }
  return undefined;
};

const versionOf = async (path: string): Promise<string | undefined> => {
  const { stdout } = await execa(path, ['--version', '--no-sandbox'], { reject: false, timeout: 20_000 });
  return /(?:Chromium|Google Chrome) (\d+(?:\.\d+)+)/.exec(stdout)?.[1];
};
