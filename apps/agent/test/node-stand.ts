import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const AGENT = fileURLToPath(new URL('../bin/takt-agent.mjs', import.meta.url));
const WORKER = fileURLToPath(new URL('worker-double.mjs', import.meta.url));
const RUNTIME = fileURLToPath(new URL('runtime-double.mjs', import.meta.url));

/** Ends the node with its test, and shows the agent's log where that failed. */
export function endWith({ onTestFinished, task }: TestContext, node: NodeStand): void {
  onTestFinished(async () => {
    if (task.result?.state === 'fail') process.stderr.write(node.agentLog());
    await node.destroy();
  });
}

/** One node: a data folder, the real agent from `dist/`, doubles of worker and runtime. */
export class NodeStand {
  readonly root: string;
  readonly data: string;
  readonly environment: Record<string, string>;
  #agent: ChildProcess | undefined;
  #runtimes: ChildProcess[] = [];

  private constructor(root: string, environment: Record<string, string>) {
    this.root = root;
    this.data = join(root, 'data');
    this.environment = {
      TAKT_WORKER: WORKER,
      TAKT_WORKER_TEST_LOG: join(root, 'worker.log'),
      TAKT_HEARTBEAT_MS: '300',
      TAKT_POLL_MS: '1000',
      ...environment,
    };
  }

  static async create(environment: Record<string, string> = {}): Promise<NodeStand> {
    return new NodeStand(await mkdtemp(join(tmpdir(), 'takt-node-')), environment);
  }

  startAgent(...args: string[]): void {
    const log = openSync(join(this.root, 'agent.log'), 'a');
    this.#agent = spawn(process.execPath, [AGENT, 'run', '--data', this.data, ...args], {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', log, log],
    });
  }

  /** Output of a local command beside the agent. */
  command(name: string): string {
    return execFileSync(process.execPath, [AGENT, name, '--data', this.data], { encoding: 'utf8' });
  }

  /** A local command that may fail: its exit code and what it printed. */
  tryCommand(...args: string[]): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [AGENT, ...args, '--data', this.data],
        { env: { ...process.env, ...this.environment }, timeout: 100_000, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, stdout, stderr });
        },
      );
    });
  }

  startRuntime(slug = 'line-1'): void {
    this.#runtimes.push(
      spawn(process.execPath, [RUNTIME, '--data', this.data, '--line', slug], {
        env: { ...process.env, ...this.environment },
        stdio: 'ignore',
      }),
    );
  }

  get agentPid(): number {
    return this.#agent?.pid ?? 0;
  }

  get agentEnded(): boolean {
    return this.#agent === undefined || this.#agent.exitCode !== null || this.#agent.signalCode !== null;
  }

  async endAgent(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const agent = this.#agent;
    if (agent === undefined || this.agentEnded) return agent?.exitCode ?? null;
    agent.kill(signal);
    await once(agent, 'exit');
    return agent.exitCode;
  }

  async endRuntimes(): Promise<void> {
    for (const runtime of this.#runtimes) {
      if (runtime.exitCode !== null || runtime.signalCode !== null) continue;
      runtime.kill('SIGKILL');
      await once(runtime, 'exit');
    }
    this.#runtimes = [];
  }

  /** Lines that worker doubles wrote: `start-build PID`, `end-build PID`. */
  workerLog(): string[] {
    try {
      return readFileSync(this.environment['TAKT_WORKER_TEST_LOG'] ?? '', 'utf8')
        .trim()
        .split('\n');
    } catch {
      return [];
    }
  }

  count(what: string): number {
    return this.workerLog().filter((line) => line.startsWith(`${what} `)).length;
  }

  agentLog(): string {
    const path = join(this.root, 'agent.log');
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  /** Calibrations that start from now on do not end before `letCalibrationsEnd`. */
  holdCalibrations(): void {
    this.environment['TAKT_WORKER_TEST_HOLD'] = join(this.root, 'calibrations-may-end');
  }

  letCalibrationsEnd(): void {
    writeFileSync(join(this.root, 'calibrations-may-end'), '');
  }

  /** Process ids of workers that are alive and belong to this node. */
  liveWorkers(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
          return line.includes('worker-double') && line.includes(this.data);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  async destroy(): Promise<void> {
    await this.endAgent('SIGKILL');
    await this.endRuntimes();
    await rm(this.root, { recursive: true, force: true });
  }
}
