import type { Readable } from 'node:stream';

/** A stream whose beginning can be read ahead, and whose own failures are kept apart from those of its reader. */
export class PeekedSource {
  readonly #iterator: AsyncIterator<Buffer, unknown>;
  #head = Buffer.alloc(0);
  #failure: Error | undefined;

  /** @param content bytes; the caller destroys it */
  constructor(content: Readable) {
    // The next read gets the failure; one that comes before any read must not end the process.
    content.on('error', () => undefined);
    this.#iterator = (content as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  }

  /** What reading failed with; undefined where it did not. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The first bytes: `length` of them or more, fewer only where the content has fewer. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#head.length < length) {
      const more = await this.#next();
      if (more === undefined) break;
      this.#head = Buffer.concat([this.#head, more]);
    }
    return this.#head;
  }

  /** All bytes, those that were looked at included. */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    yield this.#head;
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#iterator.next();
      return done === true ? undefined : value;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw this.#failure;
    }
  }
}
