/** Why a camera frame did not become a result. */
export const DropReason = {
  /** Newer frames came while it waited. */
  tooSlow: 'too-slow',
  /** No engine was loaded. */
  noEngine: 'no-engine',
  /** The picture cannot be read. */
  unreadable: 'unreadable',
  /** Each engine that may serve failed on it. */
  engineFailed: 'engine-failed',
  /** The runtime was stopped while it waited. */
  stopped: 'stopped',
} as const;
export type DropReason = (typeof DropReason)[keyof typeof DropReason];

export interface LedgerCounts {
  readonly taken: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Frames that wait or are being served. */
  readonly open: number;
}

/**
 * Account of every camera frame: each number that was taken is settled exactly once, as delivered or dropped, so that
 * taken = delivered + dropped + open at any time.
 */
export class FrameLedger {
  readonly #open = new Set<number>();
  #taken = 0;
  #delivered = 0;
  #dropped = 0;

  /** Numbers the next frame. */
  take(): number {
    const number = this.#taken;
    this.#taken += 1;
    this.#open.add(number);
    return number;
  }

  /** @throws RangeError when the frame was not taken or is settled already. */
  deliver(number: number): void {
    this.#settle(number);
    this.#delivered += 1;
  }

  /** @throws RangeError when the frame was not taken or is settled already. */
  drop(number: number): void {
    this.#settle(number);
    this.#dropped += 1;
  }

  counts(): LedgerCounts {
    return { taken: this.#taken, delivered: this.#delivered, dropped: this.#dropped, open: this.#open.size };
  }

  #settle(number: number): void {
    if (!this.#open.delete(number)) throw new RangeError(`frame ${String(number)} is not open`);
  }
}
