import { describe, expect, it } from 'vitest';
import { Looking } from './looking.js';

const refuse = (times: number): { readonly look: () => Promise<void>; readonly looks: () => number } => {
  let looks = 0;
  const look = (): Promise<void> => {
    looks += 1;
    return looks <= times ? Promise.reject(new Error('not yet')) : Promise.resolve();
  };
  return { look, looks: () => looks };
};

describe('looking at the desired state', () => {
  it('is over with the first look that sees', async () => {
    const errors: unknown[] = [];
    const { look, looks } = refuse(0);
    await new Looking(new AbortController().signal, () => 0).until(look, (error) => errors.push(error));
    expect([looks(), errors.length]).toEqual([1, 0]);
  });

  it('goes on after looks that failed, and tells each', async () => {
    const errors: unknown[] = [];
    const { look, looks } = refuse(3);
    await new Looking(new AbortController().signal, () => 0).until(look, (error) => errors.push(error));
    expect([looks(), errors.length]).toEqual([4, 3]);
  });

  it('is not done twice at a time: who asks meanwhile has another look follow', async () => {
    const { look, looks } = refuse(0);
    const looking = new Looking(new AbortController().signal);
    await Promise.all([looking.until(look, () => undefined), looking.until(look, () => undefined), looking.until(look, () => undefined)]);
    expect(looks()).toBe(2);
    await looking.until(look, () => undefined);
    expect(looks()).toBe(3);
  });

  it('is not put off by the pause after a failure when somebody asks', async () => {
    const { look, looks } = refuse(1);
    const looking = new Looking(new AbortController().signal, () => 60_000);
    const done = looking.until(look, () => {
      setImmediate(() => void looking.until(look, () => undefined));
    });
    await done;
    expect(looks()).toBe(2);
  });

  it('ends when the agent does', async () => {
    const stop = new AbortController();
    const { look, looks } = refuse(1_000_000);
    const looking = new Looking(stop.signal, () => 60_000).until(look, () => {
      stop.abort();
    });
    await looking;
    expect(looks()).toBe(1);
  });
});
