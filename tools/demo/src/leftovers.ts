import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcesses, identityOf } from '@takt/local-stack/setup/file-lock';

/** Longest that the watchdog of a killed run needs to end its processes, and more. */
const GRACE_MS = 10_000;

/**
 * Whether a command line is one of takt's own on this data folder: a program of this checkout, or nats-server, with a path of that
 * folder among its arguments. What merely names the folder, an editor for one, is not.
 */
export function isOwnProcess(words: readonly string[], root: string, dataDir: string): boolean {
  const [program = '', ...args] = words;
  const name = program.split('/').at(-1) ?? '';
  const own =
    name === 'nats-server' ||
    (name === 'node' &&
      (args[0]?.startsWith(join(root, 'apps') + '/') === true || args[0] === join(root, 'tools', 'demo', 'dist', 'main.js')));
  return own && args.some((word) => word === dataDir || word.startsWith(`${dataDir}/`));
}

/** Waits until this user's processes of an earlier, killed run on this data folder are gone, and ends those that stay. */
export async function endLeftovers(root: string, dataDir: string): Promise<void> {
  const found = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const identity = identityOf(pid);
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    const owner = (await stat(`/proc/${name}`).catch(() => undefined))?.uid;
    if (owner === process.getuid?.() && isOwnProcess(line.split('\0'), root, dataDir)) found.push(identity);
  }
  await endProcesses(found, { patienceMs: GRACE_MS, graceMs: GRACE_MS });
}
