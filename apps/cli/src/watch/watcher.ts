import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@takt/api-client';
import { TaktError } from '@takt/kernel';
import type { Output } from '../output/output.js';

/** A control plane that restarts is waited for this long. */
const PATIENCE_MS = 120_000;
export const POLL_MS = 1_000;

export interface Watcher {
  readonly client: ApiClient;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** Command that shows what was watched, for a watcher who leaves. */
  readonly seeLater: string;
}

/** Reads once; an outage that may pass is waited out. */
export async function readPatiently<T>(watcher: Watcher, read: () => Promise<T>): Promise<T> {
  const { output, now } = watcher;
  const since = now();
  let told = false;
  for (;;) {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof TaktError) || !thrown.retryable || now() - since > PATIENCE_MS) throw thrown;
      if (!told) output.note(`${thrown.message}; waiting for it`);
      told = true;
      await pause(watcher);
    }
  }
}

export async function pause({ signal, seeLater }: Watcher, ms = POLL_MS): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    throw cancelled(seeLater);
  });
}

export const cancelled = (seeLater: string): TaktError =>
  new TaktError({ code: 'Cancelled', message: 'watching was cancelled', action: `see it with: ${seeLater}`, component: 'cli' });
