import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { activationSchema, lineAssignmentSchema, runtimeStatusSchema } from '@takt/contracts';
import type { Activation, ActivationOutcome, LineAssignment, RuntimeStatus } from '@takt/contracts';
import { DEFAULT_HEALTH_POLICY } from '@takt/gates';
import type { HealthPolicy } from '@takt/gates';
import { sampleFramesPath } from '@takt/sample-model';

const bin = (name: string): string => fileURLToPath(new URL(`../bin/${name}`, import.meta.url));
const SLUG = 'line-1';
/** How long a test waits for something that must happen; far above what it takes on a busy machine. */
const PATIENCE_MS = 60_000;

export const quickPolicy: HealthPolicy = { ...DEFAULT_HEALTH_POLICY, windowFrames: 60, maxWindowFrames: 300, soloFrames: 40 };

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export function callSocket(socketPath: string, method: string, path: string, body: unknown): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method, path, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> });
      });
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** One line's data folder and the real runtime process on it. */
export class LineUnderTest {
  readonly dataDir: string;
  readonly #scratch: string;
  #child: ChildProcess | undefined;
  readonly #args: readonly string[];

  private constructor(scratch: string, dataDir: string, args: readonly string[]) {
    this.#scratch = scratch;
    this.dataDir = dataDir;
    this.#args = args;
  }

  static async create(options: { readonly args?: readonly string[]; readonly under?: string } = {}): Promise<LineUnderTest> {
    if (!existsSync(fileURLToPath(new URL('../dist/main.js', import.meta.url))))
      throw new Error('apps/runtime is not built: run tsc -b apps/runtime');
    const folder = await mkdtemp(join(tmpdir(), 'takt-line-'));
    const dataDir = join(folder, options.under ?? 'data');
    await mkdir(dataDir, { recursive: true });
    return new LineUnderTest(folder, dataDir, options.args ?? []);
  }

  get folder(): string {
    return join(this.dataDir, 'lines', SLUG);
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Runs `takt-activate`, then the runtime, as the unit does, and waits until the control socket answers. @param options.nodeArgs of the runtime's process. */
  async start(options: { readonly prepare?: boolean; readonly nodeArgs?: readonly string[] } = {}): Promise<void> {
    if (options.prepare !== false) await this.prepare();
    this.#child = spawn(
      process.execPath,
      [
        ...(options.nodeArgs ?? []),
        bin('takt-runtime.mjs'),
        'run',
        '--data',
        this.dataDir,
        '--line',
        SLUG,
        '--log-level',
        process.env['TAKT_TEST_LOG'] ?? 'silent',
        ...this.#args,
      ],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    await this.until('the control socket answers', async () => (await this.status().catch(() => undefined)) !== undefined);
  }

  /** Starts another runtime on the same line and waits for its exit code. */
  runSecond(): Promise<number | null> {
    const child = spawn(
      process.execPath,
      [bin('takt-runtime.mjs'), 'run', '--data', this.dataDir, '--line', SLUG, '--log-level', 'silent'],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
      },
    );
    return new Promise((resolve) => child.once('exit', resolve));
  }

  async prepare(): Promise<{ engine: string | null; candidate: { attempts: number } | null }> {
    const child = spawn(process.execPath, [bin('takt-activate.mjs'), '--data', this.dataDir, '--line', SLUG], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
    if (code !== 0) throw new Error(`takt-activate ended with ${String(code)}`);
    return JSON.parse(text) as { engine: string | null; candidate: { attempts: number } | null };
  }

  /** Ends the runtime by a signal and waits until the process is gone. Returns its exit code, or the signal that ended it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string | null> {
    this.#child?.kill(signal);
    return this.exit();
  }

  /** Waits until the process of the runtime is gone. Returns its exit code, or the signal that ended it. */
  async exit(): Promise<number | string | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    this.#child = undefined;
    return child.exitCode ?? child.signalCode;
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    await rm(this.#scratch, { recursive: true, force: true });
  }

  /** Through the folder's descriptor, so that the length of the path does not matter. */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const folder = await open(this.folder, 'r');
    try {
      return await callSocket(`/proc/self/fd/${String(folder.fd)}/control.sock`, method, path, body);
    } finally {
      await folder.close();
    }
  }

  async status(): Promise<RuntimeStatus> {
    return runtimeStatusSchema.parse((await this.call('GET', '/v1/status')).body);
  }

  /** Engine-hosts of the runtime, by asking the system for its children. */
  async hostPids(): Promise<number[]> {
    const text = await readFile(`/proc/${String(this.pid)}/task/${String(this.pid)}/children`, 'utf8').catch(() => '');
    return text
      .split(' ')
      .filter((pid) => pid.trim() !== '')
      .map(Number);
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (!(await holds())) {
      if (performance.now() > deadline)
        throw new Error(
          `waited ${String(PATIENCE_MS / 1000)} s in vain until ${what}; status ${JSON.stringify(await this.status().catch(() => undefined))}`,
        );
      await sleep(20);
    }
  }

  async untilPhase(phase: string): Promise<RuntimeStatus> {
    let found: RuntimeStatus | undefined;
    await this.until(`the candidate is ${phase}`, async () => {
      const status = await this.status();
      found = status.candidate?.phase === phase ? status : undefined;
      return found !== undefined;
    });
    return found as RuntimeStatus;
  }

  async untilEnded(activation: Activation): Promise<ActivationOutcome> {
    let found: ActivationOutcome | undefined;
    await this.until(`deployment ${activation.releaseName} has ended`, async () => {
      found = (await this.status()).outcomes.findLast(({ deploymentId }) => deploymentId === activation.deploymentId);
      return found !== undefined;
    });
    return found as ActivationOutcome;
  }

  async assign(options: { readonly fps: number; readonly requiredFps?: number; readonly path?: string }): Promise<Reply> {
    const line: LineAssignment = lineAssignmentSchema.parse({
      slotId: randomUUID(),
      line: {
        lineId: randomUUID(),
        slug: SLUG,
        name: 'Line 1',
        requiredFps: options.requiredFps ?? 1,
        source: { kind: 'image-directory', path: options.path ?? sampleFramesPath(), fps: options.fps },
      },
    });
    return this.call('PUT', '/v1/line', line);
  }

  /** Writes an artifact into the node's store and says how to activate it. */
  async activation(name: string, bytes: Uint8Array, health: HealthPolicy = quickPolicy): Promise<Activation> {
    const hex = createHash('sha256').update(bytes).digest('hex');
    const artifactPath = join(this.dataDir, 'artifacts', 'sha256', hex);
    await mkdir(join(this.dataDir, 'artifacts', 'sha256'), { recursive: true });
    await writeFile(artifactPath, bytes);
    return activationSchema.parse({
      deploymentId: randomUUID(),
      releaseName: name,
      plan: {
        engine: 'onnxruntime',
        precision: 'fp32',
        recipe: 'fp32',
        threads: { intraOp: 1, spin: false },
        artifact: `sha256:${hex}`,
        engineVersion: '1.30.0',
        fingerprint: 'test',
      },
      artifactPath,
      accuracy: { map50: 0.9, map50_95: 0.6, images: 64 },
      dropPoints: 0,
      accuracyBudgetPoints: 0.4,
      health,
    });
  }

  async activate(activation: Activation): Promise<ActivationOutcome> {
    const reply = await this.call('PUT', '/v1/activation', activation);
    if (reply.status !== 202) throw new Error(`activation refused: ${JSON.stringify(reply.body)}`);
    return this.untilEnded(activation);
  }

  /** Frame numbers of one run in the result files: served ones and dropped ones, each as often as it is written. */
  async frames(run: string): Promise<{
    readonly serviceMs: number[];
    readonly served: number[];
    readonly dropped: { readonly frame: number; readonly reason: string }[];
  }> {
    const served: number[] = [];
    const serviceMs: number[] = [];
    const dropped: { frame: number; reason: string }[] = [];
    for (const file of ['results.1.ndjson', 'results.ndjson']) {
      const text = await readFile(join(this.folder, file), 'utf8').catch(() => '');
      for (const line of text.split('\n').filter((one) => one !== '')) {
        const entry = JSON.parse(line) as { run: string; frame?: number; serviceMs?: number; dropped?: [number, number]; reason?: string };
        if (entry.run !== run) continue;
        if (entry.frame !== undefined) served.push(entry.frame);
        if (entry.serviceMs !== undefined) serviceMs.push(entry.serviceMs);
        for (let frame = entry.dropped?.[0] ?? 0; frame <= (entry.dropped?.[1] ?? -1); frame += 1)
          dropped.push({ frame, reason: entry.reason ?? '' });
      }
    }
    return { served, dropped, serviceMs };
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
