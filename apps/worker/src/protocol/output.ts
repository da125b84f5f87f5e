import type { WorkerMessage } from '@takt/contracts';
import { printableJson } from '@takt/kernel';
import type { Clock } from '@takt/kernel';

/** Where lines of the protocol go; resolves when the line is handed to the system. */
export type WriteLine = (text: string) => Promise<void>;

/** How far a job is. `done` of `total` in the phase's own unit. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  readonly message: string;
}

export type ReportProgress = (progress: Progress) => void;

/** At most one progress line of a phase per interval; the first and the last of a phase always pass. */
const INTERVAL_MS = 250;

export const writeMessage = (write: WriteLine, message: WorkerMessage): Promise<void> =>
  write(`${printableJson(JSON.stringify(message))}\n`);

/** Turns progress into protocol lines, with the time left estimated from the phase's own pace. */
export function createProgressReporter(write: WriteLine, clock: Clock): ReportProgress {
  let phase: { name: string; since: number; doneAtStart: number } | undefined;
  let last = -Infinity;
  return ({ phase: name, done, total, message }) => {
    const now = clock.monotonic();
    const first = phase?.name !== name;
    if (first) phase = { name, since: now, doneAtStart: done };
    if (!first && done < total && now - last < INTERVAL_MS) return;
    last = now;
    const { since, doneAtStart } = phase as NonNullable<typeof phase>;
    const advanced = done - doneAtStart;
    const etaSeconds = advanced <= 0 ? null : Math.round(((now - since) / advanced) * (total - done)) / 1000;
    void writeMessage(write, { type: 'progress', phase: name, done, total, etaSeconds, message });
  };
}
