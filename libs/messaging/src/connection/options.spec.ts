import { describe, expect, it } from 'vitest';
import { nakDelayMs } from '../control/report-consumer.js';
import { unwrapReply, wrapRequest } from '../node/nest-envelope.js';
import { Backoff } from './options.js';
import { nodeIdOfSubject } from './subject-node.js';

describe('Backoff', () => {
  it('grows with the time without a connection, however often it is asked', () => {
    let now = 1_000_000;
    const backoff = new Backoff(
      () => now,
      () => 1,
    );
    expect(Array.from({ length: 100 }, () => backoff.next())).toEqual(Array.from({ length: 100 }, () => 250));
    now += 4000;
    expect(backoff.next()).toBe(2000);
    // As the library asks: again when the delay is over, and when an attempt has timed out.
    for (let last = 2000; last < 30_000; last = backoff.next()) now += last + 5000;
    for (let minute = 0; minute < 5; minute += 1) {
      now += 35_000;
      expect(backoff.next()).toBe(30_000);
    }
  });

  it('starts anew after a reset and after a long silence, which means that a connection stood', () => {
    let now = 1_000_000;
    const backoff = new Backoff(
      () => now,
      () => 1,
    );
    backoff.next();
    now += 10_000;
    expect(backoff.next()).toBe(5000);
    now += 10_000;
    expect(backoff.next()).toBe(10_000);
    backoff.reset();
    expect(backoff.next()).toBe(250);
    now += 3_600_000;
    expect(backoff.next()).toBe(250);
  });

  it('takes no time with a connection for an outage, though nobody resets it', () => {
    let now = 1_000_000;
    const backoff = new Backoff(
      () => now,
      () => 1,
    );
    // The library asks once before the first attempt, which succeeds.
    backoff.next();
    for (const stood of [11_000, 46_000, 59_000]) {
      now += stood;
      expect(backoff.next()).toBe(250);
    }
  });

  it('is between a quarter and a half of the outage by chance', () => {
    expect(
      new Backoff(
        () => 1e6,
        () => 0,
      ).next(),
    ).toBe(125);
  });
});

describe('a client that waits until its last attempt is as long ago as the delay', () => {
  it.each([0, 0.5, 1])('tries again after at most double the outage (chance %d)', (random) => {
    let now = 1_000_000;
    const start = now;
    const backoff = new Backoff(
      () => now,
      () => random,
    );
    backoff.next();
    const attempts: number[] = [];
    for (let lastAttempt = now; now < start + 600_000; now += 5) {
      if (now - lastAttempt < backoff.next()) continue;
      attempts.push(now - start);
      lastAttempt = now;
    }
    for (const [index, attempt] of attempts.entries()) {
      const previous = attempts[index - 1] ?? 0;
      expect(attempt - previous).toBeLessThanOrEqual(Math.min(30_005, Math.max(255, previous + 5)));
    }
    expect(attempts.length).toBeGreaterThan(20);
  });
});

describe('nakDelayMs', () => {
  it('starts small and is bounded', () => {
    expect([1, 2, 3, 8, 9, 1000].map(nakDelayMs)).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  });
});

describe('nodeIdOfSubject', () => {
  const id = '3b928bb0-5dfc-4a56-ae4b-89a9ba2a2a92';
  it.each([
    [`takt.report.${id}`, id],
    [`takt.rpc.${id}.confirm`, id],
    [`takt.push.desired.${id}`, id],
    [`takt.heartbeat.${id}`, id],
    [`takt.report.${id}x`, undefined],
    ['takt.report.*', undefined],
    [`other.report.${id}`, undefined],
    [`takt.unknown.${id}`, undefined],
  ])('%s', (subject, expected) => {
    expect(nodeIdOfSubject(subject)).toBe(expected);
  });
});

describe('envelope of the NATS transport', () => {
  it('asks with an id, without which nobody answers', () => {
    expect(JSON.parse(wrapRequest('a.b', { x: 1 }))).toEqual({ pattern: 'a.b', data: { x: 1 }, id: expect.any(String) as string });
  });

  it.each([
    [
      { id: '1', response: { ok: true }, isDisposed: true },
      { ok: true, response: { ok: true } },
    ],
    [
      { id: '1', err: 'no handler' },
      { ok: false, message: 'no handler' },
    ],
    [
      { id: '1', err: { status: 'error', message: 'Internal server error' } },
      { ok: false, message: 'Internal server error' },
    ],
    [
      { id: '1', err: { code: 1 } },
      { ok: false, message: '{"code":1}' },
    ],
    [null, { ok: false, message: 'the reply is no packet' }],
  ])('reads %j', (packet, expected) => {
    expect(unwrapReply(packet)).toEqual(expected);
  });
});
