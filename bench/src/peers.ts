import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/** The Python environment of the peers' scripts, or why there is none. */
export type PeerEnvironment = { readonly python: string } | { readonly why: string };

/** Makes the environment once per set of requirements; later runs use it as it is. */
export async function preparePeers(scripts: string, folder: string, say: (text: string) => void): Promise<PeerEnvironment> {
  const requirements = join(scripts, 'requirements.txt');
  const wanted = await readFile(requirements, 'utf8');
  const stamp = join(folder, 'requirements.txt');
  const python = join(folder, 'bin', 'python');
  const made = await readFile(stamp, 'utf8').catch(() => '');
  if (made === wanted && (await exists(python))) return { python };
  const version = await execa('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { reject: false });
  if (version.failed) return { why: 'there is no python3 on this machine' };
  say(`making a Python ${version.stdout} environment for the peers (some minutes, once)`);
  await mkdir(folder, { recursive: true });
  for (const [command, args] of [
    ['python3', ['-m', 'venv', '--clear', folder]],
    [python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]],
  ] as const) {
    const done = await execa(command, args, { reject: false });
    if (done.failed) return { why: `${command} ${args.slice(0, 3).join(' ')} failed: ${done.stderr.trim().split('\n').at(-1) ?? ''}` };
  }
  await writeFile(stamp, wanted);
  return { python };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Runs a peer's script; each line of its output is a JSON document. */
export async function runPeer<T>(python: string, script: string, args: readonly string[]): Promise<T[]> {
  const { stdout } = await execa(python, [script, ...args], {
    env: { PYTHONWARNINGS: 'ignore', OMP_NUM_THREADS: '2' },
    maxBuffer: 1 << 28,
  });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);
}
