import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a condition that something else brings about. */
export const until = async (what: string, condition: () => boolean | Promise<boolean>, limitMs = 30_000): Promise<void> => {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(25);
  }
};

/** Whether a process runs; a zombie that nobody collected does not. */
export const alive = (pid: number): boolean => {
  try {
    const state = /\) (\w)/.exec(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'))?.[1];
    return state !== undefined && state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
};
