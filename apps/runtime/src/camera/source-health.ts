import type { RuntimeStatus } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

type SourceStatus = NonNullable<RuntimeStatus['source']>;

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** Names kept of images that cannot be read, so that each is logged once. */
const MAX_NAMES = 100;

/** Whether the source of a line can be opened and read, and why not. */
export class SourceHealth {
  #error: TaktError | undefined;
  #failures = 0;
  #unreadable = 0;
  #first: TaktError | undefined;
  readonly #named = new Set<string>();

  /** The source shows frames. */
  opened(): void {
    this.#error = undefined;
    this.#failures = 0;
    this.#unreadable = 0;
    this.#first = undefined;
    this.#named.clear();
  }

  /** The source cannot be opened. Returns whether the reason is a new one, which is logged. */
  failed(error: TaktError): boolean {
    const isNew = this.#error?.code !== error.code || this.#error.message !== error.message;
    this.#error = error;
    this.#failures += 1;
    return isNew;
  }

  /** Time until the source is opened again, ms: 1 s after the first failure, doubled by each, 60 s at the end. */
  get retryMs(): number {
    return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.#failures - 1));
  }

  /** An image of it cannot be read. Returns what is logged: the error with the image's name, the first time for this image. */
  unreadable(name: string, error: TaktError): TaktError | undefined {
    if (error.code === 'SourceNotAnswering') return this.#hangs(error);
    this.#unreadable += 1;
    const named = withName(name, error);
    this.#first ??= named;
    if (this.#named.has(name) || this.#named.size >= MAX_NAMES) return undefined;
    this.#named.add(name);
    return named;
  }

  /** An image of it was read. */
  read(): void {
    if (this.#error?.code === 'SourceNotAnswering') this.#error = undefined;
  }

  #hangs(error: TaktError): TaktError | undefined {
    const isNew = this.#error?.code !== error.code;
    this.#error = error;
    return isNew ? error : undefined;
  }

  status(): SourceStatus {
    return {
      error: this.#error?.toData() ?? null,
      unreadable: this.#unreadable,
      firstUnreadable: this.#first?.toData() ?? null,
    };
  }
}

/** An engine's host sees bytes without a name. */
const withName = (name: string, error: TaktError): TaktError =>
  error.message.includes(name)
    ? error
    : new TaktError({
        code: error.code,
        message: `${name}: ${error.message}`,
        action: error.action,
        component: 'runtime',
        element: name,
        cause: error,
      });
