import { expect, it } from 'vitest';
import { oneAtATime } from './one-at-a-time.js';

it('lets one run after the other, also after one that failed, and folders do not wait for each other', async () => {
  const folder = `/of-this-test/${String(process.pid)}`;
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    expect(await oneAtATime(`${folder}/other`, () => Promise.resolve('free'))).toBe('free');
    inside -= 1;
    throw new Error('refused');
  };
  const all = await Promise.allSettled([oneAtATime(folder, work), oneAtATime(folder, work), oneAtATime(folder, work)]);
  expect(all.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual(['refused', 'refused', 'refused']);
  expect(most).toBe(1);
});
