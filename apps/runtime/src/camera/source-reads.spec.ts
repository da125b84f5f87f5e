import { describe, expect, it } from 'vitest';
import { SourceReads } from './source-reads.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('reads of a source', () => {
  it('pass on what ends in time', async () => {
    const reads = new SourceReads(60_000);
    expect(await reads.run('/a', () => Promise.resolve(7))).toBe(7);
    await expect(reads.run('/a', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
    expect(reads.overdue).toBe(0);
  });

  it('are left after their deadline, and not begun while two of them hang', async () => {
    const reads = new SourceReads(1);
    let begun = 0;
    let end: (() => void) | undefined;
    const hang = (): Promise<void> => {
      begun += 1;
      return new Promise((resolve) => (end = resolve));
    };
    for (const path of ['/a', '/b', '/c', '/d'])
      await expect(reads.run(path, hang)).rejects.toMatchObject({ code: 'SourceNotAnswering', element: path, retryable: true });
    expect(begun).toBe(2);
    expect(reads.overdue).toBe(2);
    end?.();
    await Promise.resolve();
    expect(await reads.run('/a', () => Promise.resolve(7))).toBe(7);
    expect(reads.overdue).toBe(1);
  });

  it('end at once when they are abandoned, and count as hanging', async () => {
    const reads = new SourceReads(60_000);
    const reading = reads.run('/a', never);
    reads.abandon();
    await expect(reading).rejects.toMatchObject({ code: 'SourceNotAnswering' });
    expect(reads.overdue).toBe(1);
  });
});
