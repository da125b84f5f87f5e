import { silentLogger } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ticker } from './ticker.js';
import { BackgroundWork, WatchedWork } from './watched-work.js';

const clock = { now: () => Date.now(), monotonic: () => Date.now() };
let log: string[];
const note = (message: string): void => void log.push(message);
const logger: Logger = { ...silentLogger, info: note, warn: note, error: note };
/** A run that ends when `end` is called. */
function held(): { work: () => Promise<void>; end: () => void; runs: () => number } {
  let end = (): void => undefined;
  let runs = 0;
  const work = (): Promise<void> => {
    runs += 1;
    return new Promise((resolve) => {
      end = resolve;
    });
  };
  return {
    work,
    end: () => {
      end();
    },
    runs: () => runs,
  };
}

beforeEach(() => {
  log = [];
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('WatchedWork', () => {
  it('remembers its failures until it succeeds', async () => {
    const work = new WatchedWork('flush', { clock, logger });
    expect(work.state()).toMatchObject({ lastSuccessAt: null, failures: 0, runningSince: null, stuck: false });
    const fail = (): Promise<never> => Promise.reject(new Error('no table'));
    expect(await work.run(fail)).toBe('failed');
    vi.advanceTimersByTime(2_000);
    expect(await work.run(fail)).toBe('failed');
    expect(work.state()).toMatchObject({ failures: 2, lastError: 'no table', failingSince: 1_000_000 });
    expect(await work.run(() => Promise.resolve())).toBe('done');
    expect(work.state()).toMatchObject({ failures: 0, lastError: null, failingSince: null, lastSuccessAt: 1_002_000 });
    expect(log).toEqual(['background work failed, trying again', 'background work failed, trying again', 'background work goes on']);
  });

  it('says once that it is stuck and once that it goes on, and does not run twice at a time', async () => {
    const { work, end, runs } = held();
    const watched = new WatchedWork('flush', { clock, logger }, 10_000);
    const running = watched.run(work);
    vi.advanceTimersByTime(9_999);
    expect(watched.state()).toMatchObject({ runningSince: 1_000_000, stuck: false });
    vi.advanceTimersByTime(60_000);
    expect(watched.state().stuck).toBe(true);
    expect(await watched.run(work)).toBe('busy');
    expect(runs()).toBe(1);
    expect(log).toEqual(['background work is stuck']);
    end();
    expect(await running).toBe('done');
    expect(watched.state()).toMatchObject({ stuck: false, runningSince: null });
    expect(log).toEqual(['background work is stuck', 'background work goes on']);
  });
});

describe('Ticker', () => {
  it('runs at once, pauses between the end of one run and the next, and ends after the run in hand', async () => {
    const { work, end, runs } = held();
    const ticker = new Ticker({ name: 'flush', pauseMs: 1_000 }, work, { clock, logger });
    ticker.start();
    ticker.start();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs()).toBe(1);
    end();
    await vi.advanceTimersByTimeAsync(999);
    expect(runs()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(runs()).toBe(2);
    const stopped = ticker.stop();
    end();
    await stopped;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs()).toBe(2);
    expect(log).toEqual([]);
  });

  it('stops though its run is stuck, and says so', async () => {
    const { work } = held();
    const ticker = new Ticker({ name: 'flush', pauseMs: 1_000, stopMs: 2_000 }, work, { clock, logger });
    ticker.start();
    const stopped = ticker.stop();
    await vi.advanceTimersByTimeAsync(2_000);
    await stopped;
    expect(log).toEqual(['background work did not end when it was stopped']);
  });

  it('goes on after a failure', async () => {
    let runs = 0;
    const ticker = new Ticker({ name: 'flush', pauseMs: 1_000 }, () => Promise.reject(new Error(String(++runs))), { clock, logger });
    ticker.start();
    await vi.advanceTimersByTimeAsync(2_500);
    expect(ticker.work.state()).toMatchObject({ failures: 3, lastError: '3' });
    await ticker.stop();
  });
});

describe('BackgroundWork', () => {
  it('knows the state of what was added by its name, and nothing of the rest', () => {
    const all = new BackgroundWork();
    all.add(new WatchedWork('flush', { clock, logger }));
    expect(all.state('flush')?.failures).toBe(0);
    expect(all.state('other')).toBeUndefined();
  });
});
