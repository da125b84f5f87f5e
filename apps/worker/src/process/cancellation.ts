/** What ends a job early; carried as the abort reason. */
export class Cancelled extends Error {
  constructor(cause: string) {
    super(`cancelled: ${cause}`);
    this.name = 'Cancelled';
  }
}

const PARENT_CHECK_MS = 500;

/**
 * Aborts on SIGTERM, SIGINT, a closed stdout and the death of the parent process (its children get another parent), so
 * that nothing outlives who asked for it.
 */
export function watchForCancellation(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const abort = (cause: string): void => {
    if (!controller.signal.aborted) controller.abort(new Cancelled(cause));
  };
  const onTerminate = (): void => {
    abort('SIGTERM');
  };
  const onInterrupt = (): void => {
    abort('SIGINT');
  };
  process.on('SIGTERM', onTerminate);
  process.on('SIGINT', onInterrupt);
  process.stdout.on('error', () => {
    abort('nobody reads the output');
  });
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== parent) abort('the parent process is gone');
  }, PARENT_CHECK_MS);
  timer.unref();
  return {
    signal: controller.signal,
    stop: () => {
      clearInterval(timer);
      process.off('SIGTERM', onTerminate);
      process.off('SIGINT', onInterrupt);
    },
  };
}
