import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessagingState } from '../boot/messaging-runtime.js';
import { BackgroundWork } from '../boot/watched-work.js';
import type { WorkState } from '../boot/watched-work.js';
import { healthChecks } from './health-checks.js';
import { findingOfLag, findingOfSpace, findingOfStore, findingOfWork, ok } from './health-findings.js';
import { Health } from './health.js';

const clock = { now: () => Date.now(), monotonic: () => Date.now() };
const T0 = Date.UTC(2026, 0, 1);
beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('findings', () => {
  const idle: WorkState = {
    name: 'flush',
    lastSuccessAt: 5,
    failures: 0,
    lastError: null,
    failingSince: null,
    runningSince: null,
    stuck: false,
  };
  it.each([
    ['work that was not started', findingOfWork(undefined), 'unknown', 'NotStarted'],
    ['work that has not run', findingOfWork({ ...idle, lastSuccessAt: null }), 'unknown', 'NotYetRun'],
    ['work that fails', findingOfWork({ ...idle, failures: 3, lastError: 'no table', failingSince: 7 }), 'failing', 'Failing'],
    ['a first run that fails', findingOfWork({ ...idle, lastSuccessAt: null, failures: 1 }), 'failing', 'Failing'],
    ['work that is stuck', findingOfWork({ ...idle, stuck: true, runningSince: 7 }), 'failing', 'Stuck'],
    ['work that runs', findingOfWork({ ...idle, runningSince: 7 }), 'ok', 'Ok'],
    ['a store with room', findingOfStore([{ of: 'a', unit: 'messages', used: 89, limit: 100 }]), 'ok', 'Ok'],
    [
      'a store of which one part is nearly full',
      findingOfStore([
        { of: 'a', unit: 'messages', used: 1, limit: 100 },
        { of: 'b', unit: 'bytes', used: 90, limit: 100 },
      ]),
      'degraded',
      'StoreNearlyFull',
    ],
    ['a store that is full', findingOfStore([{ of: 'a', unit: 'messages', used: 100, limit: 100 }]), 'failing', 'StoreFull'],
    ['a store of unknown size', findingOfStore([]), 'unknown', 'NoLimits'],
    ['room for artifacts', findingOfSpace(10, 10), 'ok', 'Ok'],
    ['little room for artifacts', findingOfSpace(9, 10), 'degraded', 'LittleSpace'],
    ['timers in time', findingOfLag(1_999), 'ok', 'Ok'],
    ['late timers', findingOfLag(2_000), 'degraded', 'Blocked'],
  ])('of %s', (_what, finding, status, reason) => {
    expect(finding).toMatchObject({ status, reason });
  });
});

describe('Health', () => {
  it('is ok only where every part is', async () => {
    const one = { name: 'a', look: () => ok('fine') };
    const unknownOne = { name: 'b', look: () => findingOfWork(undefined) };
    expect((await new Health([one], clock, 2_000).execute()).status).toBe('ok');
    expect((await new Health([one, unknownOne], clock, 2_000).execute()).status).toBe('degraded');
  });

  it('answers within its deadline though a part is stuck, asks that once, and is ok again when it answers', async () => {
    let answer = (): void => undefined;
    let asked = 0;
    const look = (): Promise<ReturnType<typeof ok>> => {
      asked += 1;
      return new Promise((resolve) => {
        answer = () => {
          resolve(ok('fine'));
        };
      });
    };
    const health = new Health(
      [
        { name: 'database', look },
        { name: 'other', look: () => ok('fine') },
      ],
      clock,
      2_000,
    );
    const first = Promise.all([health.execute(), health.execute()]);
    await vi.advanceTimersByTimeAsync(2_000);
    for (const { status, checks } of await first) {
      expect(status).toBe('degraded');
      expect(checks).toMatchObject([
        { name: 'database', status: 'failing', reason: 'NoAnswer', since: new Date(T0).toISOString() },
        { name: 'other', status: 'ok' },
      ]);
    }
    const second = health.execute();
    await vi.advanceTimersByTimeAsync(2_000);
    // Since it was asked, not since anybody looked.
    expect((await second).checks[0]?.since).toBe(new Date(T0).toISOString());
    expect(asked).toBe(1);
    answer();
    await vi.advanceTimersByTimeAsync(0);
    const third = health.execute();
    await vi.advanceTimersByTimeAsync(0);
    answer();
    expect((await third).status).toBe('ok');
  });

  it('tells since when a part is as it is, and takes a costly answer again', async () => {
    let healthy = false;
    let looks = 0;
    const look = (): ReturnType<typeof ok> => {
      looks += 1;
      if (!healthy) throw new Error('connection refused');
      return ok('fine');
    };
    const health = new Health([{ name: 'store', look, keepMs: 5_000 }], clock, 2_000);
    const now = async (): Promise<unknown> => (await health.execute()).checks[0];
    expect(await now()).toMatchObject({ status: 'failing', reason: 'Unreachable', message: 'connection refused' });
    vi.advanceTimersByTime(4_999);
    await now();
    // A failure costs as much as an answer: on a full disk each look writes.
    expect(looks).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await now()).toMatchObject({ status: 'failing', since: new Date(T0).toISOString() });
    expect(looks).toBe(2);
    healthy = true;
    vi.advanceTimersByTime(5_000);
    expect(await now()).toMatchObject({ status: 'ok', since: new Date(T0 + 10_000).toISOString() });
    await now();
    expect(looks).toBe(3);
    vi.advanceTimersByTime(5_000);
    await now();
    expect(looks).toBe(4);
  });

  const checksOver = (messaging: MessagingState): ReturnType<typeof healthChecks> =>
    healthChecks({
      db: { ping: () => Promise.resolve() },
      messaging,
      files: { probe: () => Promise.resolve({ freeBytes: 1 }) },
      work: new BackgroundWork(),
      lag: { worst: () => 0 },
      clock,
      config: { natsStoreBytes: 1, minFreeBytes: 0 },
    });

  it('sees the connection over which nodes are answered apart from the other one', async () => {
    const messaging = new MessagingState();
    Object.assign(messaging, { connected: true, broker: { ping: () => Promise.resolve(), storeUse: () => Promise.resolve([]) } });
    const health = new Health(checksOver(messaging), clock, 2_000);
    const seen = async (): Promise<unknown> =>
      Object.fromEntries(
        (await health.execute()).checks.filter(({ name }) => /messaging|rpc/.test(name)).map((one) => [one.name, one.reason]),
      );
    expect(await seen()).toEqual({ messaging: 'Ok', rpc: 'NotConnected' });
    Object.assign(messaging.rpc, { connected: true, broker: { ping: () => Promise.resolve(1) } });
    expect(await seen()).toEqual({ messaging: 'Ok', rpc: 'Ok' });
    messaging.rpc.connected = false;
    expect(await seen()).toEqual({ messaging: 'Ok', rpc: 'Disconnected' });
  });

  it('knows nothing good of a control plane that has just started', async () => {
    const checks = checksOver(new MessagingState());
    const { status, checks: found } = await new Health(checks, clock, 2_000).execute();
    expect(status).toBe('degraded');
    expect(Object.fromEntries(found.map((check) => [check.name, check.status]))).toEqual({
      database: 'ok',
      messaging: 'unknown',
      rpc: 'unknown',
      'broker-store': 'unknown',
      heartbeats: 'unknown',
      samples: 'unknown',
      relay: 'unknown',
      jobs: 'unknown',
      rollouts: 'unknown',
      content: 'unknown',
      artifacts: 'ok',
      'event-loop': 'ok',
    });
  });
});
