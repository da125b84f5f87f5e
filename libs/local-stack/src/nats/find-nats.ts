import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

/** Oldest feature set takt works with: direct get and republish. */
export const MINIMUM_NATS_VERSION = '2.9.10';

export interface NatsServerBinary {
  readonly path: string;
  /** `2.9.10` */
  readonly version: string;
}

/** Compares dotted numbers; a suffix such as `-RC.1` is ignored. */
export const versionAtLeast = (version: string, minimum: string): boolean => {
  const parts = (text: string): number[] => (text.split('-')[0] ?? '').split('.').map(Number);
  const [have, want] = [parts(version), parts(minimum)];
  for (const [index, number] of want.entries()) {
    const own = have[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
};

/** The version a binary reports; undefined where it does not run or is no nats-server. */
export const natsVersion = async (path: string): Promise<string | undefined> => {
  const { stdout } = await execa(path, ['--version'], { reject: false, timeout: 10_000 });
  return /^nats-server: v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
};

/**
 * The first usable nats-server of `toolDir`, then of `path` (a PATH value; system folders that a user's PATH may lack are
 * searched too). Undefined where there is none of at least {@link MINIMUM_NATS_VERSION}.
 */
export const findNatsServer = async (toolDir: string, path: string): Promise<NatsServerBinary | undefined> => {
  const folders = new Set([toolDir, ...path.split(delimiter).filter((folder) => folder !== ''), '/usr/sbin', '/usr/local/bin', '/usr/bin']);
  for (const folder of folders) {
    const candidate = join(folder, 'nats-server');
    const executable = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!executable) continue;
    const version = await natsVersion(candidate);
    if (version !== undefined && versionAtLeast(version, MINIMUM_NATS_VERSION)) return { path: candidate, version };
  }
  return undefined;
};
