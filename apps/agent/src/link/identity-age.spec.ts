import { describe, expect, it } from 'vitest';
import { clockCondition, identityState, readFromDisk, receivedNow } from './identity-age.js';

const HOUR = 3_600_000;
const life = { issuedAtMs: Date.parse('2026-01-01T00:00:00Z'), lifeMs: 24 * HOUR };

describe('the age of an identity', () => {
  it.each([-10 * 365 * 24 * HOUR, 0, 10 * 365 * 24 * HOUR])('counts from its arrival, with a wall clock %d ms off', () => {
    const age = receivedNow(life, 5_000);
    expect(identityState(age, 5_000, 0.6)).toBe('fresh');
    expect(identityState(age, 5_000 + 14 * HOUR, 0.6)).toBe('fresh');
    expect(identityState(age, 5_000 + 15 * HOUR, 0.6)).toBe('due');
    expect(identityState(age, 5_000 + 24 * HOUR, 0.6)).toBe('expired');
  });

  it('from disk is what the wall clock says, and never negative', () => {
    const at = (offset: number): string => identityState(readFromDisk(life, life.issuedAtMs + offset, 7), 7, 0.6);
    expect([at(0), at(16 * HOUR), at(25 * HOUR), at(-1000 * HOUR)]).toEqual(['fresh', 'due', 'expired', 'fresh']);
  });

  it('without an end never asks for renewal', () => {
    expect(identityState(receivedNow({ ...life, lifeMs: undefined }, 0), 1e12, 0.6)).toBe('fresh');
  });
});

describe('the clock of the node', () => {
  it('is wrong when it is grossly off, in either direction, and says by how much', () => {
    expect(clockCondition(life, life.issuedAtMs + 4 * 60_000).status).toBe('true');
    expect(clockCondition(life, life.issuedAtMs + 2 * HOUR)).toMatchObject({
      status: 'false',
      reason: 'ClockWrong',
      message: expect.stringContaining('120 min ahead') as string,
    });
    expect(clockCondition(life, life.issuedAtMs - HOUR).message).toContain('60 min behind');
  });
});
