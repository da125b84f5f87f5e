import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for a condition that something else brings about; it may also throw while it does not hold yet.
 *
 * @throws Error that names `what` and the last failure after `limitMs` (default 30 s)
 */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`, last === undefined ? undefined : { cause: last });
    await sleep(50);
  }
};
