const EVERY_MS = 500;
/** Measurements that are looked at: those of the last ten seconds. */
const KEPT = 20;

/** How late the timers of this process are: where something computes for long, nothing else is answered. */
export class EventLoopLag {
  readonly #lates: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #dueAt: number;

  constructor(private readonly monotonic: () => number) {
    this.#dueAt = monotonic() + EVERY_MS;
    this.#timer = setInterval(() => {
      const now = this.monotonic();
      this.#lates.push(Math.max(0, Math.round(now - this.#dueAt)));
      if (this.#lates.length > KEPT) this.#lates.shift();
      this.#dueAt = now + EVERY_MS;
    }, EVERY_MS);
    this.#timer.unref();
  }

  /** The largest of the last ten seconds, ms. */
  worst(): number {
    return Math.max(0, Math.round(this.monotonic() - this.#dueAt), ...this.#lates);
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }
}
