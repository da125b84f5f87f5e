import { TaktError } from '@takt/kernel';

export interface LookBounds {
  readonly limitMs: number;
  /** Aborts when the caller does not wait any more. */
  readonly gone: AbortSignal;
  /** Name of what the file should become. */
  readonly of: string;
}

/**
 * Looks into a file for no longer than `limitMs`, and only while the caller waits.
 *
 * @throws TaktError `ContentNotInspected` (retryable): nothing is known of the content then
 */
export async function boundedLook<T>({ limitMs, gone, of }: LookBounds, look: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.any([gone, AbortSignal.timeout(limitMs)]);
  try {
    return await look(signal);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new TaktError({
      code: 'ContentNotInspected',
      message: `the file of "${of}" was not looked through${gone.aborted ? ': the request was closed' : ` within ${String(limitMs / 1000)} s`}`,
      action: 'try again; if it stays, push a smaller file, or look at the load of the control plane and its disk',
      element: of,
      retryable: true,
      cause,
    });
  }
}
