/**
 * Bounded queue between the camera and the engine. When it is full the oldest waiting item makes room: a line wants to see what
 * is in front of the camera now.
 */
export class FrameQueue<T> {
  readonly #depth: number;
  readonly #onDropped: (item: T) => void;
  readonly #items: T[] = [];
  #waiting: ((item: T | undefined) => void) | undefined;
  #closed = false;

  constructor(depth: number, onDropped: (item: T) => void) {
    this.#depth = depth;
    this.#onDropped = onDropped;
  }

  push(item: T): void {
    if (this.#closed) {
      this.#onDropped(item);
      return;
    }
    if (this.#waiting !== undefined) {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting(item);
      return;
    }
    this.#items.push(item);
    if (this.#items.length > this.#depth) this.#onDropped(this.#items.shift() as T);
  }

  /** The oldest waiting item; waits for one; undefined once the queue is closed. One caller at a time. */
  take(): Promise<T | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Drops what waits and ends `take`. */
  close(): void {
    this.#closed = true;
    for (const item of this.#items.splice(0)) this.#onDropped(item);
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }
}
