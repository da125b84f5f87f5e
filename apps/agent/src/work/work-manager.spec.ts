import { silentLogger, TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { diskCondition } from '../daemon/conditions.js';
import { WorkManager } from './work-manager.js';

const clock = { now: () => 1_000_000, monotonic: () => 0 };
const broken = (code: string, retryable: boolean): (() => Promise<void>) => {
  const error = new TaktError({ code, message: code, action: 'mend it', retryable });
  return () => Promise.reject(error);
};

describe('failures of steps', () => {
  it('are forgotten when no plan speaks of the step, and its next attempt starts afresh', async () => {
    const work = new WorkManager(clock, silentLogger, () => undefined);
    await work.attempt('fetch:a', broken('Interrupted', true));
    await work.attempt('fetch:a', broken('Interrupted', true));
    await work.attempt('fetch:b', broken('Interrupted', true));
    expect(work.failures.get('fetch:a')?.count).toBe(2);
    work.forgetOthers(new Set(['fetch:b']));
    expect([...work.failures.keys()]).toEqual(['fetch:b']);
    await work.attempt('fetch:a', broken('Interrupted', true));
    expect(work.failures.get('fetch:a')?.count).toBe(1);
  });

  it('wait longer where trying again will hardly help', async () => {
    const work = new WorkManager(clock, silentLogger, () => undefined);
    for (let count = 0; count < 12; count += 1) {
      await work.attempt('passing', broken('Interrupted', true));
      await work.attempt('lasting', broken('DownloadRefused', false));
    }
    const pause = (key: string): number => (work.failures.get(key)?.retryAt ?? 0) - clock.now();
    expect(pause('passing')).toBeLessThanOrEqual(75_000);
    expect(pause('lasting')).toBeGreaterThan(600_000);
  });

  it('make DiskSpace false only while the step is wanted', async () => {
    const work = new WorkManager(clock, silentLogger, () => undefined);
    await work.attempt('fetch:a', broken('NoSpaceLeft', true));
    expect(diskCondition(work.failures)).toMatchObject({ status: 'false', reason: 'NoSpaceLeft' });
    work.forgetOthers(new Set());
    expect(diskCondition(work.failures).status).toBe('true');
  });
});
