import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for what something else brings about and returns it: the first answer that is neither false nor undefined. The question may
 * also throw while it cannot be answered yet.
 *
 * @throws Error that names `what` and the last failure after `limitMs` (default 30 s)
 */
export const until = async <T>(what: string, ask: () => T | Promise<T>, limitMs = 30_000): Promise<Exclude<T, false | undefined>> => {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`, last === undefined ? undefined : { cause: last });
    await sleep(50);
  }
};
