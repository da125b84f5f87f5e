import type { RuntimeStatus } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

type SourceStatus = NonNullable<RuntimeStatus['source']>;

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
/** Images that are named in the log, so that a folder of damaged ones does not fill it. */
const MAX_LOGGED = 100;
/** Unreadable images that are counted and read again. */
const MAX_TRACKED = 10_000;

/** What failed: reading the file, or decoding its bytes. */
export type ImageFaultStage = 'read' | 'decode';

/** Whether the source of a line can be opened and read, and why not. */
export class SourceHealth {
  /** Of the source that the line has. */
  #error: TaktError | undefined;
  /** Of the source that was assigned last, where it could not be opened and the line keeps the previous one. */
  #refusal: TaktError | undefined;
  #failures = 0;
  /** In the order in which they were found. */
  readonly #unreadable = new Map<string, { readonly error: TaktError; readonly stage: ImageFaultStage }>();
  readonly #logged = new Set<string>();
  #next = 0;

  /** The source shows frames. */
  opened(): void {
    this.#error = undefined;
    this.#failures = 0;
    this.#unreadable.clear();
    this.#logged.clear();
  }

  /** The source cannot be opened. Returns whether the reason is a new one, which is logged. */
  failed(error: TaktError): boolean {
    const isNew = !isSame(this.#error, error);
    this.#error = error;
    this.#failures += 1;
    return isNew;
  }

  /** Another source was assigned and cannot be opened. Returns whether the reason is a new one, which is logged. */
  refused(error: TaktError): boolean {
    const isNew = !isSame(this.#refusal, error);
    this.#refusal = error;
    return isNew;
  }

  /** The line has the source that was assigned last. */
  assigned(): void {
    this.#refusal = undefined;
  }

  /** Time until the source is opened again, ms: 1 s after the first failure, doubled by each, 60 s at the end. */
  get retryMs(): number {
    return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.#failures - 1));
  }

  /** An image of it cannot be used. Returns what is logged: the error with the image's name, the first time for this image. */
  unreadable(name: string, error: TaktError, stage: ImageFaultStage): TaktError | undefined {
    if (error.code === 'SourceNotAnswering') return this.#hangs(error);
    const named = withName(name, error);
    if (this.#unreadable.has(name) || this.#unreadable.size < MAX_TRACKED) this.#unreadable.set(name, { error: named, stage });
    if (this.#logged.has(name) || this.#logged.size >= MAX_LOGGED) return undefined;
    this.#logged.add(name);
    return named;
  }

  /** An image of it was read from the source, not from memory. */
  read(name: string): void {
    if (this.#error?.code === 'SourceNotAnswering') this.#error = undefined;
    if (this.#unreadable.get(name)?.stage === 'read') this.#unreadable.delete(name);
  }

  /** An image of it was decoded, or is in the folder no more. */
  forget(name: string): void {
    this.#unreadable.delete(name);
  }

  /** Up to `limit` names of unreadable images to read again; repeated calls go through all of them. */
  toReadAgain(limit: number): string[] {
    const names = [...this.#unreadable.keys()];
    const start = this.#next < names.length ? this.#next : 0;
    this.#next = start + limit;
    return names.slice(start, start + limit);
  }

  #hangs(error: TaktError): TaktError | undefined {
    const isNew = this.#error?.code !== error.code;
    this.#error = error;
    return isNew ? error : undefined;
  }

  status(): SourceStatus {
    const [first] = this.#unreadable.values();
    return {
      error: (this.#refusal ?? this.#error)?.toData() ?? null,
      unreadable: this.#unreadable.size,
      firstUnreadable: first?.error.toData() ?? null,
    };
  }
}

const isSame = (one: TaktError | undefined, other: TaktError): boolean => one?.code === other.code && one.message === other.message;

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
