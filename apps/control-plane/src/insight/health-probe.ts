import type { HealthCheck } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import { failing } from './health-findings.js';
import type { Finding } from './health-findings.js';

/** One part that is looked at. A look that throws is a failure; so is one that does not end in time. */
export interface Check {
  readonly name: string;
  readonly look: () => Finding | Promise<Finding>;
  /** Time for which an answer, or a failure, is taken again, ms. Default 0. */
  readonly keepMs?: number;
}

/**
 * Looks at one part for any number of callers: one look at a time, so that a part that is stuck is not asked again and again, and
 * none waits longer than its deadline.
 */
export class HealthProbe {
  readonly #check: Check;
  readonly #clock: Clock;
  #looking: { readonly since: number; readonly found: Promise<Finding> } | null = null;
  #kept: { readonly at: number; readonly finding: Finding } | null = null;
  #last: { readonly key: string; readonly since: number } | null = null;

  constructor(check: Check, clock: Clock) {
    this.#check = check;
    this.#clock = clock;
  }

  async ask(deadlineMs: number): Promise<HealthCheck> {
    const finding = await this.#find(deadlineMs);
    const key = `${finding.status} ${finding.reason}`;
    const since = finding.since ?? (this.#last?.key === key ? this.#last.since : this.#clock.now());
    this.#last = { key, since };
    return {
      name: this.#check.name,
      status: finding.status,
      reason: finding.reason,
      message: finding.message,
      since: new Date(since).toISOString(),
      figures: finding.figures ?? {},
    };
  }

  async #find(deadlineMs: number): Promise<Finding> {
    if (this.#kept !== null && this.#clock.monotonic() - this.#kept.at < (this.#check.keepMs ?? 0)) return this.#kept.finding;
    const looking = (this.#looking ??= this.#look());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Finding>((resolve) => {
      timer = setTimeout(() => {
        resolve({ ...failing('NoAnswer', `gave no answer within ${String(deadlineMs)} ms`), since: looking.since });
      }, deadlineMs);
    });
    return Promise.race([looking.found, late]).finally(() => {
      clearTimeout(timer);
    });
  }

  #look(): { readonly since: number; readonly found: Promise<Finding> } {
    const look = async (): Promise<Finding> => {
      const finding = await this.#foundOrFailing();
      this.#kept = { at: this.#clock.monotonic(), finding };
      this.#looking = null;
      return finding;
    };
    return { since: this.#clock.now(), found: Promise.resolve().then(look) };
  }

  async #foundOrFailing(): Promise<Finding> {
    try {
      return await this.#check.look();
    } catch (error) {
      return failing('Unreachable', error instanceof Error ? error.message : String(error));
    }
  }
}
