import type { StoreUse } from '@takt/messaging';
import type { WorkState } from '../boot/watched-work.js';

/** What looking at one part showed. */
export interface Finding {
  readonly status: 'ok' | 'degraded' | 'failing' | 'unknown';
  readonly reason: string;
  readonly message: string;
  /** Since when, ms of the wall clock, where the part itself knows; else it is since it was seen first. */
  readonly since?: number;
  readonly figures?: Readonly<Record<string, number>>;
}

/** Share of a limit from which on a store is called nearly full. */
const NEARLY_FULL = 0.9;
/** Lateness of the process's own timers that people and nodes notice, ms. */
const LAG_MS = 2_000;

export const ok = (message: string, figures?: Finding['figures']): Finding => ({
  status: 'ok',
  reason: 'Ok',
  message,
  ...(figures === undefined ? {} : { figures }),
});

export const failing = (reason: string, message: string): Finding => ({ status: 'failing', reason, message });

export const unknown = (reason: string, message: string): Finding => ({ status: 'unknown', reason, message });

/** Work that is done again and again: a run that does not end, or runs that fail, are failures. */
export function findingOfWork(state: WorkState | undefined): Finding {
  if (state === undefined) return unknown('NotStarted', 'has not been started');
  const figures = { failures: state.failures };
  if (state.stuck) {
    const since = state.runningSince;
    return { ...failing('Stuck', 'a run does not end'), ...(since === null ? {} : { since }), figures };
  }
  if (state.failures > 0) {
    const since = state.failingSince;
    return { ...failing('Failing', state.lastError ?? 'a run failed'), ...(since === null ? {} : { since }), figures };
  }
  if (state.lastSuccessAt === null) return unknown('NotYetRun', 'no run has ended yet');
  return ok('the last run ended well', figures);
}

/** The fullest of the broker's streams and store. */
export function findingOfStore(uses: readonly StoreUse[]): Finding {
  const [fullest] = [...uses].sort((a, b) => b.used / b.limit - a.used / a.limit);
  if (fullest === undefined) return unknown('NoLimits', 'the broker names no limits');
  const figures = Object.fromEntries(uses.map(({ of, used, limit }) => [`${of}_percent`, Math.round((used / limit) * 100)]));
  const words = `${fullest.of} holds ${String(fullest.used)} of ${String(fullest.limit)} ${fullest.unit}`;
  if (fullest.used >= fullest.limit) return { ...failing('StoreFull', `${words}; the broker refuses more`), figures };
  if (fullest.used >= fullest.limit * NEARLY_FULL) return { status: 'degraded', reason: 'StoreNearlyFull', message: words, figures };
  return ok(words, figures);
}

export function findingOfSpace(freeBytes: number, minFreeBytes: number): Finding {
  const figures = { freeBytes };
  if (freeBytes >= minFreeBytes) return ok('artifacts can be written', figures);
  return { status: 'degraded', reason: 'LittleSpace', message: `less than ${String(minFreeBytes)} bytes are free`, figures };
}

/** @param lagMs largest lateness of a timer of this process in the last seconds */
export function findingOfLag(lagMs: number): Finding {
  const figures = { lagMs };
  if (lagMs < LAG_MS) return ok('the process answers at once', figures);
  return { status: 'degraded', reason: 'Blocked', message: `the process did not answer for ${String(lagMs)} ms`, figures };
}
