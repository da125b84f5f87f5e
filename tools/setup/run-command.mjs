/** Runs commands in the repository root, and ends them when a person asks to end. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Interrupted } from '../../libs/local-stack/setup/setup-error.mjs';

export const root = join(import.meta.dirname, '..', '..');
/** After this a command that was asked to end is killed. */
const GRACE_MS = 10_000;

const children = new Set();
let interrupted = false;
export const isInterrupted = () => interrupted;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    for (const { child, patient } of children) {
      child.kill('SIGTERM');
      if (!patient) setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
    }
  });
}

/**
 * Resolves with the exit code and output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {Record<string, string>} [options.env] added to this process's own
 * @param {boolean} [options.inherit] shows the output as it comes
 * @param {boolean} [options.patient] never killed: it ends others in order first, and says itself how it ended
 * @param {(message: unknown) => void} [options.onMessage] opens a channel, whose end tells the command that this process is gone
 * @param {{ addChild(pid: number): void, removeChild(pid: number): void }} [options.lock] names the command while it runs
 * @throws Interrupted
 */
export const run = (command, args, { env = {}, inherit = false, patient = false, onMessage, lock } = {}) =>
  new Promise((resolve, reject) => {
    if (interrupted) return reject(new Interrupted());
    const output = inherit ? ['inherit', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'];
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: onMessage === undefined ? output : [...output, 'ipc'],
    });
    const entry = { child, patient };
    children.add(entry);
    if (child.pid !== undefined) lock?.addChild(child.pid);
    let text = '';
    child.stdout?.on('data', (chunk) => (text += chunk));
    child.stderr?.on('data', (chunk) => (text += chunk));
    if (onMessage !== undefined) child.on('message', onMessage);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      children.delete(entry);
      if (child.pid !== undefined) lock?.removeChild(child.pid);
      if (interrupted && !patient) reject(new Interrupted());
      else resolve({ code: code ?? 1, output: text, signal });
    });
  });
