import type { Activation } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, DeploymentId, Logger, TaktErrorData } from '@takt/kernel';
import { UNREADABLE_FRAME } from '../host/protocol.js';
import { ENGINE_LOST, EngineHost } from './engine-host.js';
import type { HostResult } from './engine-host.js';
import type { Restarts } from './restart-delay.js';

/**
 * Inferences off the live path before an engine counts as warm: enough for the JIT compiler to have seen the host's pixel loops, or
 * a new process would look slower than the one that has served for days. A slow engine stops at the time limit.
 */
const WARM_UP_FRAMES = 40;
const WARM_UP_AT_LEAST = 5;
const WARM_UP_MS = 5_000;

export type EngineNotice =
  | { readonly type: 'engine-ready'; readonly deploymentId: DeploymentId }
  | { readonly type: 'engine-refused'; readonly deploymentId: DeploymentId; readonly error: TaktErrorData }
  | { readonly type: 'engine-lost'; readonly deploymentId: DeploymentId };

export interface EnginePoolOptions {
  readonly scriptPath: string;
  readonly frameDeadlineMs: number;
  readonly loadTimeoutMs: number;
  readonly endTimeoutMs: number;
  readonly restarts: Restarts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** An encoded picture to warm up with; undefined while the line has no camera. */
  readonly sample: () => Promise<Uint8Array | undefined>;
  readonly notify: (notice: EngineNotice) => void;
}

interface Entry {
  readonly activation: Activation;
  host: EngineHost | undefined;
  timer: NodeJS.Timeout | undefined;
  ended: boolean;
}

/** The engine-hosts of a line, one per deployment: at most two, and only while a new engine is checked. */
export class EnginePool {
  readonly #options: EnginePoolOptions;
  readonly #entries = new Map<DeploymentId, Entry>();
  readonly #ending = new Set<Promise<void>>();
  #restarts = 0;

  constructor(options: EnginePoolOptions) {
    this.#options = options;
  }

  /** Hosts that were started again because the one before was lost. */
  get restarts(): number {
    return this.#restarts;
  }

  pidOf(deploymentId: DeploymentId): number | undefined {
    return this.#entries.get(deploymentId)?.host?.pid;
  }

  /** Starts the engine's host after the delay that its history asks for; does nothing while it has one. */
  start(activation: Activation, after: 'now' | 'crash' | 'refusal'): void {
    const { deploymentId } = activation;
    const existing = this.#entries.get(deploymentId);
    if (existing !== undefined && (existing.host?.pid !== undefined || existing.timer !== undefined)) return;
    const entry: Entry = { activation, host: undefined, timer: undefined, ended: false };
    this.#entries.set(deploymentId, entry);
    if (after !== 'now') this.#restarts += 1;
    entry.timer = setTimeout(
      () => {
        entry.timer = undefined;
        void this.#launch(entry);
      },
      this.#options.restarts.delayMs(deploymentId, after),
    );
  }

  /** @throws TaktError `EngineLost` when the engine has no host. */
  detect(deploymentId: DeploymentId, bytes: Uint8Array): Promise<HostResult> {
    const host = this.#entries.get(deploymentId)?.host;
    if (host !== undefined) return host.detect(bytes, this.#options.frameDeadlineMs);
    return Promise.reject(
      new TaktError({ code: ENGINE_LOST, message: 'the engine has no process', action: 'none: it is started again', retryable: true }),
    );
  }

  /** Ends the engine's host after the frame in flight. */
  end(deploymentId: DeploymentId): Promise<void> {
    const entry = this.#entries.get(deploymentId);
    if (entry === undefined) return Promise.resolve();
    this.#entries.delete(deploymentId);
    entry.ended = true;
    clearTimeout(entry.timer);
    const ending = (entry.host?.end() ?? Promise.resolve()).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
    return ending;
  }

  async endAll(): Promise<void> {
    for (const deploymentId of [...this.#entries.keys()]) void this.end(deploymentId);
    await Promise.all(this.#ending);
  }

  async #launch(entry: Entry): Promise<void> {
    const { deploymentId } = entry.activation;
    const { logger, notify, restarts } = this.#options;
    const host = new EngineHost({ ...this.#options, activation: entry.activation });
    entry.host = host;
    let refusal: TaktErrorData | undefined;
    void host.exited.then(() => {
      if (entry.ended || refusal !== undefined) return;
      restarts.lost(deploymentId);
      logger.warn('engine host lost', { [LogField.deploymentId]: deploymentId });
      notify({ type: 'engine-lost', deploymentId });
    });
    try {
      await host.load();
      await this.#warmUp(host);
      if (entry.ended || host.pid === undefined) return;
      restarts.ready(deploymentId);
      logger.info('engine ready', { [LogField.deploymentId]: deploymentId, [LogField.pid]: host.pid });
      notify({ type: 'engine-ready', deploymentId });
    } catch (thrown) {
      const error = TaktError.from(thrown, { code: 'EngineHostFailed', action: 'see the log of the line', component: 'runtime' });
      if (error.code === ENGINE_LOST || entry.ended) return;
      refusal = error.toData();
      logger.error('engine refused its artifact', { [LogField.deploymentId]: deploymentId, [LogField.error]: error });
      await host.end();
      notify({ type: 'engine-refused', deploymentId, error: refusal });
    }
  }

  async #warmUp(host: EngineHost): Promise<void> {
    const bytes = await this.#options.sample();
    if (bytes === undefined) return;
    const until = this.#options.clock.monotonic() + WARM_UP_MS;
    for (let frame = 0; frame < WARM_UP_FRAMES && (frame < WARM_UP_AT_LEAST || this.#options.clock.monotonic() < until); frame += 1) {
      try {
        await host.detect(bytes, this.#options.loadTimeoutMs);
      } catch (thrown) {
        if (thrown instanceof TaktError && thrown.code === UNREADABLE_FRAME) return;
        throw thrown;
      }
    }
  }
}
