/** Ends the pause between two rounds early. A wake that comes while nobody waits ends the next pause at once. */
export class Wakeup {
  #pending = false;
  #resume: (() => void) | undefined;

  wake(): void {
    this.#pending = true;
    this.#resume?.();
  }

  /** Resolves after `ms`, a wake, or the abort of the signal. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#pending && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          this.#resume = undefined;
          resolve();
        };
        const timer = setTimeout(end, ms);
        this.#resume = end;
        signal.addEventListener('abort', end);
      });
    }
    this.#pending = false;
  }
}
