import { LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';

/** Longest run that is not yet called stuck, ms. */
export const STUCK_AFTER_MS = 30_000;

/** What is known of work that is done again and again. Times are ms of the wall clock. */
export interface WorkState {
  readonly name: string;
  readonly lastSuccessAt: number | null;
  /** Failures since the last success. */
  readonly failures: number;
  readonly lastError: string | null;
  readonly failingSince: number | null;
  /** Start of the run that has not ended. */
  readonly runningSince: number | null;
  /** Whether that run takes longer than it may. */
  readonly stuck: boolean;
}

/** Work that is done again and again, one run at a time, and that remembers how its runs end. */
export class WatchedWork {
  readonly #clock: Clock;
  readonly #logger: Logger;
  #lastSuccessAt: number | null = null;
  #failures = 0;
  #lastError: string | null = null;
  #failingSince: number | null = null;
  #running: { readonly since: number; stuck: boolean } | null = null;

  constructor(
    readonly name: string,
    parts: { readonly clock: Clock; readonly logger: Logger },
    readonly stuckAfterMs = STUCK_AFTER_MS,
  ) {
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** Runs `work` and tells how it ended; `busy` where a run has not ended yet. Never rejects. */
  async run(work: () => Promise<unknown>): Promise<'done' | 'failed' | 'busy'> {
    if (this.#running !== null) return 'busy';
    const running = { since: this.#clock.now(), stuck: false };
    this.#running = running;
    const timer = setTimeout(() => {
      running.stuck = true;
      this.#logger.error('background work is stuck', { work: this.name, stuckAfterMs: this.stuckAfterMs });
    }, this.stuckAfterMs);
    timer.unref();
    try {
      await work();
      this.#succeeded(running.stuck);
      return 'done';
    } catch (error) {
      this.#failed(error);
      return 'failed';
    } finally {
      clearTimeout(timer);
      this.#running = null;
    }
  }

  state(): WorkState {
    const running = this.#running;
    return {
      name: this.name,
      lastSuccessAt: this.#lastSuccessAt,
      failures: this.#failures,
      lastError: this.#lastError,
      failingSince: this.#failingSince,
      runningSince: running?.since ?? null,
      stuck: running?.stuck ?? false,
    };
  }

  #succeeded(wasStuck: boolean): void {
    if (wasStuck || this.#failures > 0) this.#logger.info('background work goes on', { work: this.name, failures: this.#failures });
    this.#lastSuccessAt = this.#clock.now();
    this.#failures = 0;
    this.#lastError = null;
    this.#failingSince = null;
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#lastError = error instanceof Error ? error.message : String(error);
    this.#failingSince ??= this.#clock.now();
    this.#logger.warn('background work failed, trying again', {
      work: this.name,
      [LogField.attempt]: this.#failures,
      [LogField.error]: error,
    });
  }
}

/** The background work of this process by name, as health checks read it. */
export class BackgroundWork {
  readonly #known = new Map<string, WatchedWork>();

  add(...works: readonly WatchedWork[]): void {
    for (const work of works) this.#known.set(work.name, work);
  }

  /** Undefined for work that has not been started. */
  state(name: string): WorkState | undefined {
    return this.#known.get(name)?.state();
  }
}
