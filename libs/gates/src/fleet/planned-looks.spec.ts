import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { figuresUntil, lookAt, lookTimes } from './planned-looks.js';

const always = (): boolean => true;

describe('lookTimes', () => {
  it('are half the soak, the soak, twice as long each time, and the longest soak', () => {
    expect(lookTimes({ soakSeconds: 600, maxSoakSeconds: 3600 })).toEqual([300, 600, 1200, 2400, 3600]);
  });

  it('end with the soak where it is the longest', () => {
    expect(lookTimes({ soakSeconds: 600, maxSoakSeconds: 60 })).toEqual([300, 600]);
  });

  it('ascend, and are few however long a gate measures', () => {
    const seconds = fc.integer({ min: 1, max: 2_592_000 });
    fc.assert(
      fc.property(seconds, seconds, (soakSeconds, maxSoakSeconds) => {
        const times = lookTimes({ soakSeconds, maxSoakSeconds });
        expect([...new Set(times)].sort((a, b) => a - b)).toEqual(times);
        expect(times.length).toBeLessThanOrEqual(24);
      }),
    );
  });
});

describe('lookAt', () => {
  const plan = { soakSeconds: 600, maxSoakSeconds: 3600 };

  it('is none before the first, and the same one until the next', () => {
    expect(lookAt(plan, 0.95, 299, always)).toBeNull();
    expect(lookAt(plan, 0.95, 1199, always)).toEqual(lookAt(plan, 0.95, 600, always));
  });

  it('lets nothing pass while the soak lasts', () => {
    expect(lookAt(plan, 0.95, 300, always)).toMatchObject({ number: 1, planned: 5, confidenceToPass: null, confidenceToFail: 0.975 });
  });

  it('spends the error rate over all looks, and no more than it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.constantFrom(0.8, 0.95, 0.999),
        fc.integer({ min: 0, max: 20 }),
        (soakSeconds, maxSoakSeconds, confidence, silent) => {
          const times = lookTimes({ soakSeconds, maxSoakSeconds });
          const isMeasured = (at: number): boolean => times.indexOf(at) >= silent;
          const looks = times.filter(isMeasured).map((at) => lookAt({ soakSeconds, maxSoakSeconds }, confidence, at, isMeasured));
          const sum = (of: 'confidenceToPass' | 'confidenceToFail'): number =>
            looks.reduce((total, look) => total + 1 - (look?.[of] ?? 1), 0);
          for (const spent of [sum('confidenceToPass'), sum('confidenceToFail')]) expect(spent).toBeLessThanOrEqual(1 - confidence + 1e-9);
        },
      ),
    );
  });

  it('spends nothing at a look that had too few figures', () => {
    expect(lookAt(plan, 0.95, 1200, (at) => at >= 1200)).toMatchObject({ confidenceToPass: 0.975, confidenceToFail: 0.975 });
    expect(lookAt(plan, 0.95, 3600, (at) => at >= 3600)).toMatchObject({ confidenceToPass: 0.95, nextAtSeconds: null });
  });
});

describe('figuresUntil', () => {
  it('waits for the slot that is behind, and not for one that is silent', () => {
    expect(figuresUntil(100, [98, 95], 60)).toBe(95);
    expect(figuresUntil(100, [98, 20], 60)).toBe(98);
    expect(figuresUntil(100, [], 60)).toBe(40);
  });
});
