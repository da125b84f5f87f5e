import { TaktError } from '@takt/kernel';
import { NEVER } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Authenticated, Credentials } from '../access/authenticator.js';
import { StreamAccess } from './stream-access.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const request = { headers: { cookie: 'takt_session=abc' } };

describe('StreamAccess', () => {
  it('ends a stream soon after its session ended, and not because the database is away', async () => {
    const asked: Credentials[] = [];
    let answer = (): Promise<Authenticated> => Promise.resolve({} as Authenticated);
    const access = new StreamAccess({
      authenticate: (credentials) => {
        asked.push(credentials);
        return answer();
      },
    });
    let ended = false;
    NEVER.pipe(access.while(request)).subscribe({ complete: () => (ended = true) });
    await vi.advanceTimersByTimeAsync(31_000);
    expect(asked).toEqual([
      { bearer: undefined, session: 'abc' },
      { bearer: undefined, session: 'abc' },
    ]);
    answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await vi.advanceTimersByTimeAsync(31_000);
    expect(ended).toBe(false);
    answer = () => Promise.reject(new TaktError({ code: 'TokenInvalid', message: 'm', action: 'a' }));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(ended).toBe(true);
  });

  it('asks no more once the listener is gone', async () => {
    const authenticate = vi.fn(() => Promise.resolve({} as Authenticated));
    const listening = NEVER.pipe(new StreamAccess({ authenticate }).while(request)).subscribe();
    listening.unsubscribe();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(authenticate).not.toHaveBeenCalled();
  });
});
