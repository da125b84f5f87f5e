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

  it('names the source that was refused until another one is assigned, beside the fault of the one it has', () => {
    const health = new SourceHealth();
    health.opened();
    expect([error('A'), error('A'), error('B')].map((one) => health.refused(one))).toEqual([true, false, true]);
    expect(health.status().error).toMatchObject({ code: 'B' });
    health.assigned();
    expect(health.status().error).toBeNull();
    health.failed(error('C'));
    health.assigned();
    expect(health.status().error).toMatchObject({ code: 'C' });
  });

  it('counts the images that cannot be used, keeps the first with its name, and logs each once', () => {
    const health = new SourceHealth();
    const bad = error('ImageUnreadable', 'the image cannot be read');
    expect(['/a.jpg', '/b.jpg', '/a.jpg'].map((name) => health.unreadable(name, bad, 'decode')?.element)).toEqual([
      '/a.jpg',
      '/b.jpg',
      undefined,
    ]);
    expect(health.status()).toMatchObject({
      error: null,
      unreadable: 2,
      firstUnreadable: { code: 'ImageUnreadable', message: '/a.jpg: the image cannot be read', element: '/a.jpg' },
    });
    const logged = Array.from({ length: 300 }, (_, index) => health.unreadable(`/${String(index)}.png`, bad, 'read'));
    expect(logged.filter((one) => one !== undefined)).toHaveLength(98);
    expect(health.status().unreadable).toBe(302);
  });

  it('forgets an image that was read when it could not be, and one that was decoded in any case', () => {
    const health = new SourceHealth();
    const bad = error('ImageUnreadable');
    health.unreadable('/cannot-be-read.jpg', bad, 'read');
    health.unreadable('/no-picture.jpg', bad, 'decode');
    for (const name of ['/cannot-be-read.jpg', '/no-picture.jpg']) health.read(name);
    expect(health.status()).toMatchObject({ unreadable: 1, firstUnreadable: { element: '/no-picture.jpg' } });
    health.forget('/no-picture.jpg');
    expect(health.status()).toEqual({ error: null, unreadable: 0, firstUnreadable: null });
    expect(health.unreadable('/no-picture.jpg', bad, 'decode')).toBeUndefined();
  });

  it('names all images to read again, some at a time', () => {
    const health = new SourceHealth();
    for (const name of ['/a', '/b', '/c']) health.unreadable(name, error('ImageUnreadable'), 'read');
    expect([1, 2, 3].map(() => health.toReadAgain(2))).toEqual([['/a', '/b'], ['/c'], ['/a', '/b']]);
  });

  it('takes a read that hangs for a fault of the source until one ends again', () => {
    const health = new SourceHealth();
    expect(health.unreadable('/a.jpg', error('SourceNotAnswering'), 'read')).toBeDefined();
    expect(health.unreadable('/b.jpg', error('SourceNotAnswering'), 'read')).toBeUndefined();
    expect(health.status()).toMatchObject({ error: { code: 'SourceNotAnswering' }, unreadable: 0 });
    health.read('/a.jpg');
    expect(health.status().error).toBeNull();
  });
});
