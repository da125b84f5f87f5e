import type { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import { READS_EXHAUSTED, SourceReads } from './source-reads.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('reads of a source', () => {
  it('pass on what ends in time', async () => {
    const reads = new SourceReads(60_000);
    expect(await reads.of('/s').run('/a', () => Promise.resolve(7))).toBe(7);
    await expect(reads.of('/s').run('/a', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
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
      await expect(reads.of('/s').run(path, hang)).rejects.toMatchObject({ code: 'SourceNotAnswering', element: path, retryable: true });
    expect(begun).toBe(2);
    expect(reads.overdue).toBe(2);
    end?.();
    await Promise.resolve();
    expect(await reads.of('/s').run('/a', () => Promise.resolve(7))).toBe(7);
    expect(reads.overdue).toBe(1);
  });

  it('are begun although two of another source hang, and end only when three hang in all, which a new process is needed for', async () => {
    const exhausted: TaktError[] = [];
    const reads = new SourceReads(1, (error) => exhausted.push(error));
    const hangs = (source: string): Promise<void> =>
      expect(reads.of(source).run(`${source}/a`, never)).rejects.toMatchObject({ code: 'SourceNotAnswering' });
    for (const source of ['/dead', '/dead', '/dead']) await hangs(source);
    expect(await reads.of('/healthy').run('/healthy/a', () => Promise.resolve(7))).toBe(7);
    for (const source of ['/other', '/other', '/dead']) await hangs(source);
    expect(reads.overdue).toBe(3);
    expect(exhausted).toEqual([]);
    await expect(reads.of('/healthy').run('/healthy/a', () => Promise.resolve(7))).rejects.toMatchObject({
      code: READS_EXHAUSTED,
      message: '/healthy/a is not read: 3 reads of other sources have not ended and hold the threads of the runtime for files',
    });
    expect(exhausted).toMatchObject([{ code: READS_EXHAUSTED, element: '/healthy/a' }]);
  });

  it('end at once when they are abandoned, and count as hanging', async () => {
    const reads = new SourceReads(60_000);
    const reading = reads.of('/s').run('/a', never);
    reads.abandon();
    await expect(reading).rejects.toMatchObject({ code: 'SourceNotAnswering' });
    await reads.settle(1);
    expect(reads.overdue).toBe(1);
  });

  it('that were only under way when they were abandoned are waited for', async () => {
    const reads = new SourceReads(60_000);
    let end: (() => void) | undefined;
    const reading = reads.of('/s').run('/a', () => new Promise<void>((resolve) => (end = resolve)));
    reads.abandon();
    await expect(reading).rejects.toMatchObject({ code: 'SourceNotAnswering' });
    const settled = reads.settle(60_000);
    end?.();
    await settled;
    expect(reads.overdue).toBe(0);
  });
});
