import { TaktError } from '@takt/kernel';

/** Reads that may be overdue before no other one is begun: each holds one of Node's four threads for files. */
const MAX_OVERDUE = 2;

/**
 * Reads of a source, each with a deadline. A read of a dead network mount may never end, and cannot be cancelled: after its
 * deadline its caller goes on without it, and while {@link MAX_OVERDUE} of them have not ended no other one is begun.
 */
export class SourceReads {
  readonly #deadlineMs: number;
  readonly #waiting = new Set<(error: TaktError) => void>();
  #overdue = 0;

  /** @param deadlineMs of each read. */
  constructor(deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
  }

  /** Reads past their deadline that have not ended: a process that exits would wait for them. */
  get overdue(): number {
    return this.#overdue;
  }

  /**
   * @param path what is read, for messages.
   * @throws TaktError `SourceNotAnswering` after the deadline, or after `abandon`; else what `read` throws.
   */
  async run<T>(path: string, read: () => Promise<T>): Promise<T> {
    if (this.#overdue >= MAX_OVERDUE) throw notAnswering(path, 'earlier reads have not ended');
    let late = false;
    const reading = read();
    const settled = (): void => {
      if (late) this.#overdue -= 1;
    };
    reading.then(settled, settled);
    let giveUp: ((error: TaktError) => void) | undefined;
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = (error) => {
        late = true;
        this.#overdue += 1;
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

  /** Gives up every read under way. */
  abandon(): void {
    for (const giveUp of [...this.#waiting]) giveUp(notAnswering('the source', 'the runtime is being stopped'));
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
