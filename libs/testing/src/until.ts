import { setTimeout as sleep } from 'node:timers/promises';

/** Pauses between two questions, ms: what is near is seen at once, what takes long is not asked for all the time. */
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Waits for what something else brings about and returns it: the first answer that is neither false nor undefined. The question may
 * also throw while it cannot be answered yet.
 *
 * @param limitMs finds a hang, not slowness: ten times what a quiet machine needs, or more. Default 60 s
 * @throws Error that names `what` and the last failure after `limitMs`
 */
export const until = async <T>(what: string, ask: () => T | Promise<T>, limitMs = 60_000): Promise<Exclude<T, false | undefined>> => {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    try {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer as Exclude<T, false | undefined>;
      last = undefined;
    } catch (thrown) {
      last = thrown;
    }
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`, last === undefined ? undefined : { cause: last });
    await sleep(pause);
  }
};
