/** An entry that was not written, and why. */
export interface RefusedEntry<T> {
  readonly entry: T;
  readonly error: unknown;
}

/**
 * Writes entries of many nodes in one call, and finds those that make it fail: by halves, so that one bad entry of `n` costs about
 * 2·log₂ n more calls. An entry whose predecessor of the same key was refused is written alone until one is taken, so that a node
 * that goes on sending the same costs one call a time.
 */
export class IsolatedWrites<T> {
  /** Keys whose last entry was refused, oldest first. */
  readonly #suspects = new Set<string>();

  /**
   * @param isRefusal whether an error speaks of the values of an entry; any other (no connection, a time-out) ends the write
   * @param maxSuspects keys that are remembered
   */
  constructor(
    private readonly keyOf: (entry: T) => string,
    private readonly isRefusal: (error: unknown) => boolean,
    private readonly maxSuspects = 10_000,
  ) {}

  /**
   * Writes all entries but those that are refused, which it returns. `write` may be called several times with parts of the entries,
   * and either takes all of its part or throws. What was written before an error that ends the write stays written.
   */
  async write(entries: readonly T[], write: (part: readonly T[]) => Promise<unknown>): Promise<RefusedEntry<T>[]> {
    const isSuspect = (entry: T): boolean => this.#suspects.has(this.keyOf(entry));
    const [suspects, others] = [entries.filter(isSuspect), entries.filter((entry) => !isSuspect(entry))];
    const refused = await this.#writeHalves(others, write);
    for (const entry of suspects) refused.push(...(await this.#writeHalves([entry], write)));
    return refused;
  }

  async #writeHalves(part: readonly T[], write: (part: readonly T[]) => Promise<unknown>): Promise<RefusedEntry<T>[]> {
    const [first] = part;
    if (first === undefined) return [];
    try {
      await write(part);
    } catch (error) {
      if (!this.isRefusal(error)) throw error;
      if (part.length === 1) {
        this.#suspect(this.keyOf(first));
        return [{ entry: first, error }];
      }
      const middle = Math.ceil(part.length / 2);
      const refused = await this.#writeHalves(part.slice(0, middle), write);
      return [...refused, ...(await this.#writeHalves(part.slice(middle), write))];
    }
    for (const entry of part) this.#suspects.delete(this.keyOf(entry));
    return [];
  }

  #suspect(key: string): void {
    this.#suspects.delete(key);
    this.#suspects.add(key);
    const [oldest = key] = this.#suspects;
    if (this.#suspects.size > this.maxSuspects) this.#suspects.delete(oldest);
  }
}
