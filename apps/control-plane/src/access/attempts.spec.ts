import { describe, expect, it } from 'vitest';
import { Attempts } from './attempts.js';

describe('Attempts', () => {
  it('refuses an address after twenty failures in a minute, and no other', () => {
    let now = 0;
    const attempts = new Attempts({ monotonic: () => now });
    const tries = (address: string): void => {
      attempts.refuseGuessing(address);
    };
    for (let count = 0; count < 20; count += 1) {
      tries('a');
      attempts.failed('a');
    }
    expect(() => {
      tries('a');
    }).toThrow(expect.objectContaining({ code: 'TooManyAttempts', retryable: true }) as Error);
    tries('b');
    now = 60_001;
    tries('a');
  });
});
