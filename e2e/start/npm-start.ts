import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, root } from '../fleet/host-stack.js';

/** One `npm start` as a process, without npm in between. */
export class NpmStart {
  #text = '';
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(args: readonly string[]) {
    this.#process = spawn(process.execPath, [join(root, 'tools', 'start.mjs'), '--port', '0', ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream?.on('data', (chunk: Buffer) => (this.#text += String(chunk)));
    this.#ended = once(this.#process, 'close').then(([code]) => code as number | null);
  }

  /** Both outputs so far. */
  get text(): string {
    return this.#text;
  }

  /** Waits until the output has a match, and answers it. Fails when the start ends before. */
  async says(pattern: RegExp, deadlineMs = 600_000): Promise<RegExpExecArray> {
    return eventually(
      `npm start saying ${String(pattern)}`,
      async () => {
        const found = pattern.exec(this.#text);
        if (found === null && this.#process.exitCode !== null) throw new Error('it ended before');
        return Promise.resolve(found ?? undefined);
      },
      deadlineMs,
      100,
      () => Promise.resolve(this.#text.slice(-2_000)),
    );
  }

  /** Sends a signal, and answers the exit code; null where the signal ended it. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#process.kill(signal);
    return this.#ended;
  }

  /** The exit code, once it has ended. */
  ended(): Promise<number | null> {
    return this.#ended;
  }
}
