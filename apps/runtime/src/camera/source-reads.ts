import { TaktError } from '@takt/kernel';

/** Overdue reads of one source before no other one of it is begun. */
const MAX_OVERDUE_OF_SOURCE = 2;
/** Overdue reads of all sources before no other one is begun: each holds one of Node's four threads for files, and one has to stay. */
const MAX_OVERDUE = 3;

/** Code of the error while hanging reads of other sources leave no thread for this one. */
export const READS_EXHAUSTED = 'SourceReadsExhausted';

/** Reads of one source. */
export interface SourceReader {
  /**
   * @param path what is read, for messages.
   * @throws TaktError `SourceNotAnswering` after the deadline, after `abandon`, or while earlier reads of the source hang;
   * `SourceReadsExhausted` while reads of other sources hold the threads; else what `read` throws.
   */
  run<T>(path: string, read: () => Promise<T>): Promise<T>;
}

/**
 * Reads of the sources of a line, each with a deadline. A read of a dead network mount may never end, and cannot be cancelled:
 * after its deadline its caller goes on without it. Two such reads of a source end the reading of that source until one of them
 * ends, three that of all sources. The latter lasts as long as the process where the mount stays dead.
 */
export class SourceReads {
  readonly #deadlineMs: number;
  readonly #onExhausted: (error: TaktError) => void;
  readonly #waiting = new Set<(error: TaktError) => void>();
  readonly #overdueReads = new Set<Promise<void>>();
  readonly #overdueOf = new Map<string, number>();

  /**
   * @param deadlineMs of each read.
   * @param onExhausted called for each read of a source without a hanging read that could not be begun. Only a new process can read
   * that source. Default: nothing.
   */
  constructor(deadlineMs: number, onExhausted: (error: TaktError) => void = () => undefined) {
    this.#deadlineMs = deadlineMs;
    this.#onExhausted = onExhausted;
  }

  /** Reads past their deadline that have not ended: a process that exits would wait for them. */
  get overdue(): number {
    return [...this.#overdueOf.values()].reduce((sum, count) => sum + count, 0);
  }

  /** @param source what its hanging reads are counted by. */
  of(source: string): SourceReader {
    return { run: (path, read) => this.#run(source, path, read) };
  }

  /** Gives up every read under way. */
  abandon(): void {
    for (const giveUp of [...this.#waiting]) giveUp(notAnswering('the source', 'the runtime is being stopped'));
  }

  /** Waits up to `ms` for the overdue reads to end: one that was only under way when it was given up ends soon. */
  async settle(ms: number): Promise<void> {
    const reads = Promise.allSettled(this.#overdueReads);
    let timer: NodeJS.Timeout | undefined;
    const tired = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([reads, tired]);
    clearTimeout(timer);
  }

  async #run<T>(source: string, path: string, read: () => Promise<T>): Promise<T> {
    this.#refuseExcess(source, path);
    let late = false;
    const reading = read();
    const settled = (): void => {
      if (!late) return;
      this.#overdueReads.delete(ended);
      this.#count(source, -1);
    };
    const ended = reading.then(settled, settled);
    let giveUp: ((error: TaktError) => void) | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = (error) => {
        late = true;
        this.#overdueReads.add(ended);
        this.#count(source, 1);
        reject(error);
      };
    });
    const stop = giveUp as unknown as (error: TaktError) => void;
    this.#waiting.add(stop);
    const timer = setTimeout(() => {
      stop(notAnswering(path, `a read has not ended within ${String(this.#deadlineMs / 1000)} s`));
    }, this.#deadlineMs);
    try {
      return await Promise.race([reading, givenUp]);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(stop);
    }
  }

  #refuseExcess(source: string, path: string): void {
    const own = this.#overdueOf.get(source) ?? 0;
    const all = this.overdue;
    if (own < MAX_OVERDUE_OF_SOURCE && all < MAX_OVERDUE) return;
    if (own > 0) throw notAnswering(path, 'earlier reads of the same source have not ended');
    const error = exhausted(path, all);
    this.#onExhausted(error);
    throw error;
  }

  #count(source: string, change: number): void {
    const count = (this.#overdueOf.get(source) ?? 0) + change;
    if (count > 0) this.#overdueOf.set(source, count);
    else this.#overdueOf.delete(source);
  }
}

const notAnswering = (path: string, detail: string): TaktError =>
  new TaktError({
    code: 'SourceNotAnswering',
    message: `${path} does not answer: ${detail}`,
    action: 'check the mount or the disk that holds the frames of the line',
    component: 'runtime',
    element: path,
    retryable: true,
  });

const exhausted = (path: string, overdue: number): TaktError =>
  new TaktError({
    code: READS_EXHAUSTED,
    message: `${path} is not read: ${String(overdue)} reads of other sources have not ended and hold the threads of the runtime for files`,
    action: 'check the mounts of the earlier sources; the runtime restarts and the agent assigns the line again',
    component: 'runtime',
    element: path,
    retryable: true,
  });
