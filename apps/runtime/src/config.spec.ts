import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.js';
import { Restarts } from './engines/restart-delay.js';
import type { DeploymentId } from '@takt/kernel';

describe('options of the runtime', () => {
  it('have defaults in the units the code uses', () => {
    expect(parseConfig(['--data', '/var/lib/takt', '--line', 'line-1'])).toEqual({
      dataDir: '/var/lib/takt',
      slug: 'line-1',
      frameDeadlineMs: 5000,
      loadTimeoutMs: 120_000,
      resultFileBytes: 8 * 1024 * 1024,
      logLevel: 'info',
    });
  });

  it('are refused by name', () => {
    expect(() => parseConfig(['--data', '/d', '--line', 'Line 1'])).toThrow(/--line/);
    expect(() => parseConfig(['--line', 'l'])).toThrow(/--data/);
    expect(() => parseConfig(['--data', '/d', '--line', 'l', '--frame-deadline-ms', '1'])).toThrow(/--frame-deadline-ms/);
    expect(() => parseConfig(['--bogus'])).toThrow(/bogus/);
  });
});

describe('the delay before a lost engine is started again', () => {
  it('doubles up to 30 s while it keeps crashing, and forgets after a minute of service', () => {
    let now = 0;
    const restarts = new Restarts(() => now);
    const id = 'x' as DeploymentId;
    const delays = Array.from({ length: 10 }, () => {
      restarts.ready(id);
      restarts.lost(id);
      return restarts.delayMs(id, 'crash');
    });
    expect(delays).toEqual([200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    restarts.ready(id);
    now += 60_000;
    restarts.lost(id);
    expect(restarts.delayMs(id, 'crash')).toBe(200);
    expect(restarts.delayMs(id, 'now')).toBe(0);
    expect(restarts.delayMs(id, 'refusal')).toBe(30_000);
  });
});
