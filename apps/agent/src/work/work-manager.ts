import { TaktError, LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import type { StepFailure } from '@takt/reconcile';

interface Running {
  readonly controller: AbortController;
  readonly done: Promise<void>;
  readonly heavy: boolean;
}

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;
/** Longest pause where trying again will hardly help, ms. */
const LAST_HOPELESS_RETRY_MS = 15 * 60_000;

/**
 * Long steps in the background, each key at most once at a time. Heavy ones (worker jobs) run one after another: two
 * builds at once would measure each other.
 */
export class WorkManager {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #onEnd: () => void;
  readonly #running = new Map<string, Running>();
  readonly #failures = new Map<string, StepFailure>();
  #stopped = false;

  constructor(clock: Clock, logger: Logger, onEnd: () => void) {
    this.#clock = clock;
    this.#logger = logger;
    this.#onEnd = onEnd;
  }

  get failures(): ReadonlyMap<string, StepFailure> {
    return this.#failures;
  }

  get busy(): boolean {
    return this.#running.size > 0;
  }

  /** Starts the work unless it runs, or another heavy one does. */
  start(key: string, work: (signal: AbortSignal) => Promise<void>, options: { readonly heavy?: boolean } = {}): void {
    const heavy = options.heavy ?? false;
    if (this.#stopped || this.#running.has(key)) return;
    if (heavy && [...this.#running.values()].some((other) => other.heavy)) return;
    const controller = new AbortController();
    const done = this.#run(key, work, controller.signal);
    this.#running.set(key, { controller, done, heavy });
  }

  /** Runs short work now; its failure is remembered like that of long work. */
  async attempt(key: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#failures.delete(key);
    } catch (thrown) {
      this.#failed(key, thrown);
    }
  }

  /** Ends running work that no plan names any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const [key, { controller }] of this.#running) {
      if (!keys.has(key) && !controller.signal.aborted) {
        this.#logger.info('step is not needed any more', { [LogField.phase]: key });
        controller.abort(new Error('not needed any more'));
      }
    }
  }

  /** Forgets failures of steps that no plan speaks of any more: the same step, wanted again later, starts afresh. */
  forgetOthers(keys: ReadonlySet<string>): void {
    for (const key of this.#failures.keys()) if (!keys.has(key)) this.#failures.delete(key);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { controller } of this.#running.values()) controller.abort(new Error('the agent stops'));
    await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
  }

  async #run(key: string, work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await work(signal);
      this.#failures.delete(key);
    } catch (thrown) {
      if (!signal.aborted) this.#failed(key, thrown);
    } finally {
      this.#running.delete(key);
      this.#onEnd();
    }
  }

  #failed(key: string, thrown: unknown): void {
    const error = TaktError.from(thrown, {
      code: 'StepFailed',
      action: 'see the log of the agent',
      component: 'agent',
      phase: key,
      retryable: true,
    });
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const longest = error.retryable ? LAST_RETRY_MS : LAST_HOPELESS_RETRY_MS;
    const delay = Math.min(longest, FIRST_RETRY_MS * 2 ** (count - 1)) * (0.75 + Math.random() / 2);
    this.#failures.set(key, { error: error.toData(), count, retryAt: this.#clock.now() + delay });
    this.#logger.warn('step failed', { [LogField.phase]: key, [LogField.attempt]: count, [LogField.error]: error });
  }
}
