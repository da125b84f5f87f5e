import { describe, expect, it } from 'vitest';
import { boundedLook } from './bounded-look.js';

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    if (signal.aborted) reject(new Error('aborted'));
    signal.addEventListener('abort', () => {
      reject(new Error('aborted'));
    });
  });

describe('boundedLook', () => {
  const waits = new AbortController().signal;

  it('gives what the look found, or its own failure', async () => {
    const bounds = { limitMs: 60_000, gone: waits, of: 'set' };
    expect(await boundedLook(bounds, () => Promise.resolve(1))).toBe(1);
    await expect(boundedLook(bounds, () => Promise.reject(new Error('EIO')))).rejects.toThrow('EIO');
  });

  it('ends a look that takes too long, and one whose caller has gone, without a word on the content', async () => {
    const late = boundedLook({ limitMs: 1, gone: waits, of: 'set' }, untilAborted);
    await expect(late).rejects.toMatchObject({
      code: 'ContentNotInspected',
      retryable: true,
      message: expect.stringContaining('0.001 s') as string,
    });
    const closed = boundedLook({ limitMs: 60_000, gone: AbortSignal.abort(), of: 'set' }, untilAborted);
    await expect(closed).rejects.toMatchObject({ message: expect.stringContaining('the request was closed') as string });
  });
});
