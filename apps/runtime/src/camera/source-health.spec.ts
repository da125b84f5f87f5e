import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { SourceHealth } from './source-health.js';

const error = (code: string, message = code): TaktError => new TaktError({ code, message, action: 'act' });

describe('the health of a source', () => {
  it('logs a reason once until it changes, and waits twice as long after each failure up to a minute', () => {
    const health = new SourceHealth();
    const logged = [error('A'), error('A'), error('A', 'other'), error('B'), error('B')].map((one) => health.failed(one));
    expect(logged).toEqual([true, false, true, true, false]);
    expect(health.retryMs).toBe(16_000);
    for (let again = 0; again < 2000; again += 1) health.failed(error('B'));
    expect(health.retryMs).toBe(60_000);
    expect(health.status().error).toMatchObject({ code: 'B', action: 'act' });
    health.opened();
    expect(health.status().error).toBeNull();
    expect(health.failed(error('B'))).toBe(true);
    expect(health.retryMs).toBe(1000);
  });

  it('counts images that cannot be read, keeps the first with its name, and logs each once', () => {
    const health = new SourceHealth();
    const bad = error('ImageUnreadable', 'the image cannot be read');
    expect(['/a.jpg', '/b.jpg', '/a.jpg'].map((name) => health.unreadable(name, bad)?.element)).toEqual(['/a.jpg', '/b.jpg', undefined]);
    expect(health.status()).toMatchObject({
      error: null,
      unreadable: 3,
      firstUnreadable: { code: 'ImageUnreadable', message: '/a.jpg: the image cannot be read', element: '/a.jpg' },
    });
    const logged = Array.from({ length: 300 }, (_, index) => health.unreadable(`/${String(index)}.png`, bad));
    expect(logged.filter((one) => one !== undefined)).toHaveLength(98);
  });

  it('takes a read that hangs for a fault of the source until one ends again', () => {
    const health = new SourceHealth();
    expect(health.unreadable('/a.jpg', error('SourceNotAnswering'))).toBeDefined();
    expect(health.unreadable('/b.jpg', error('SourceNotAnswering'))).toBeUndefined();
    expect(health.status()).toMatchObject({ error: { code: 'SourceNotAnswering' }, unreadable: 0 });
    health.read();
    expect(health.status().error).toBeNull();
  });
});
