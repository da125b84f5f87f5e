/** A child process that works on one file at a time, within a time and a memory that this process watches over. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const WATCH_MS = 25;
const MOST_SAID = 1_000;
const READY_MS = 60_000;

const residentKiB = (pid) => {
  try {
    return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0; // It is gone, or this is no Linux: then only the child's own figure counts.
  }
};

/**
 * @param script the child's module.
 * @param limits `heapMiB` of JavaScript, `memoryKiB` resident, `deadlineMs` for a file.
 */
export class WatchedChild {
  #child;
  #script;
  #limits;
  /** The end of what the child wrote to its standard error. */
  #said = '';
  peakKiB = 0;

  constructor(script, limits) {
    this.#script = script;
    this.#limits = limits;
  }

  /** @returns the child's answer, or `{ died }` with how it ended: `deadline`, `memory`, a signal or an exit code. */
  async ask(number) {
    const child = (this.#child ??= await this.#start());
    const answer = await this.#within(child, this.#limits.deadlineMs, () => child.send(number));
    if (answer.peakKiB !== undefined) this.peakKiB = Math.max(this.peakKiB, answer.peakKiB);
    if (answer.died !== undefined) {
      this.#child = undefined;
      rmSync(join(tmpdir(), `takt-hostile-${String(child.pid)}.onnx`), { force: true });
    }
    return answer;
  }

  close() {
    this.#child?.kill('SIGKILL');
  }

  async #start() {
    const child = fork(this.#script, {
      execArgv: [`--max-old-space-size=${String(this.#limits.heapMiB)}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#said = (this.#said + text).slice(-MOST_SAID);
    });
    this.#said = '';
    const { ready } = await this.#within(child, READY_MS, () => undefined);
    if (!ready) throw new Error(`${this.#script} does not start`);
    return child;
  }

  #within(child, deadlineMs, begin) {
    return new Promise((resolve) => {
      let why;
      const kill = (cause) => {
        why ??= cause;
        child.kill('SIGKILL');
      };
      const deadline = setTimeout(() => kill('deadline'), deadlineMs);
      const watch = setInterval(() => {
        const resident = residentKiB(child.pid);
        this.peakKiB = Math.max(this.peakKiB, resident);
        if (resident > this.#limits.memoryKiB) kill('memory');
      }, WATCH_MS);
      const settle = (answer) => {
        clearTimeout(deadline);
        clearInterval(watch);
        child.off('message', settle);
        child.off('exit', onExit);
        resolve(answer);
      };
      const onExit = (code, signal) => settle({ died: why ?? signal ?? `exit code ${String(code)}`, said: this.#said });
      child.once('message', settle);
      child.once('exit', onExit);
      begin();
    });
  }
}
