import { join } from 'node:path';
import type { DurableFs } from '@takt/kernel';

/** Damaged files that are kept for a look; the oldest go first. */
const KEPT = 20;

/** `<name>.<UTC time to the ms>`, with `-<n>` where the name is taken. */
const STAMPED = /\.(\d{8}T\d{9}Z(?:-\d+)?)$/;

/**
 * Moves a damaged file or folder into the quarantine folder under `<name>.<time>`, on disk when it resolves, and removes
 * the oldest ones beyond 20. Returns the new path.
 *
 * @param at wall-clock ms
 */
export async function setAside(fs: DurableFs, path: string, quarantine: string, name: string, at: number): Promise<string> {
  const stamp = new Date(at).toISOString().replace(/[-:.]/g, '');
  const present = await fs.list(quarantine);
  const base = `${name}.${stamp}`;
  let target = base;
  for (let n = 2; present.includes(target); n += 1) target = `${base}-${String(n)}`;
  await fs.publish(path, join(quarantine, target));
  const stampOf = (one: string): string => STAMPED.exec(one)?.[1] ?? '';
  const oldestFirst = present.filter((one) => STAMPED.test(one)).sort((a, b) => (stampOf(a) < stampOf(b) ? -1 : 1));
  for (const old of oldestFirst.slice(0, Math.max(0, oldestFirst.length + 1 - KEPT))) await fs.remove(join(quarantine, old));
  return join(quarantine, target);
}
