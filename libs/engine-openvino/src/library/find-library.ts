import { readdir } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** An OpenVINO found on this machine. */
export interface OpenVinoFiles {
  /** Folder that was searched, as it was named. */
  readonly folder: string;
  /** The C interface, e.g. `…/libopenvino_c.so.2641`. */
  readonly library: string;
  /** `ov_common.h` of the same release, which numbers the element types. */
  readonly header: string;
}

/** Where an unpacked wheel, an installed Python package, the official archive and a system's packages keep their libraries. */
const LIBRARY_FOLDERS = [
  'libs',
  'openvino/libs',
  'runtime/lib/intel64',
  'runtime/lib/aarch64',
  'lib',
  'lib/x86_64-linux-gnu',
  'lib64',
  '.',
];
const HEADER_FOLDERS = ['include', 'openvino/include', 'runtime/include'];

/** `libopenvino_c.so`, or with the release behind it; never a debug build. */
const LIBRARY_NAME = /^libopenvino_c\.so(\.\d+)*$/;

/** The toolchain folder of this checkout, where the installer puts it. `src` and `dist` lie equally deep. */
export const toolchainFolder = (): string => fileURLToPath(new URL('../../../../.takt/openvino', import.meta.url));

/** Folders to search: the one that `TAKT_OPENVINO_DIR` names alone, so that a wrong one is noticed; else the toolchain folder. */
export const openVinoFolders = (named: string | undefined): readonly string[] => [
  named === undefined || named === '' ? toolchainFolder() : isAbsolute(named) ? named : resolve(named),
];

/** The first usable OpenVINO below one of `folders`, or undefined. */
export async function findOpenVino(folders: readonly string[]): Promise<OpenVinoFiles | undefined> {
  for (const folder of folders) {
    const library = await firstFile(folder, LIBRARY_FOLDERS, (name) => LIBRARY_NAME.test(name));
    const header = await firstFile(
      folder,
      HEADER_FOLDERS.map((place) => `${place}/openvino/c`),
      (name) => name === 'ov_common.h',
    );
    if (library !== undefined && header !== undefined) return { folder, library, header };
  }
  return undefined;
}

async function firstFile(folder: string, places: readonly string[], wanted: (name: string) => boolean): Promise<string | undefined> {
  for (const place of places) {
    const names = await readdir(join(folder, place)).catch(() => []);
    // The longest name is the versioned file itself where shorter ones are links to it.
    const found = names.filter(wanted).sort((a, b) => b.length - a.length)[0];
    if (found !== undefined) return join(folder, place, found);
  }
  return undefined;
}
