import { describe, expect, it } from 'vitest';
import { resolveId } from './resolve-id.js';

const ids = [
  'aaaa1111-0000-4000-8000-000000000000',
  'aaaa2222-0000-4000-8000-000000000000',
  'bbbb0000-0000-4000-8000-000000000000',
] as const;
const list = (): Promise<{ id: string }[]> => Promise.resolve(ids.map((id) => ({ id })));
const never = (): Promise<never> => Promise.reject(new Error('must not ask'));

describe('resolveId', () => {
  it('takes a whole id without asking', async () => {
    expect(await resolveId('deployment', ids[0].toUpperCase(), never)).toBe(ids[0]);
  });
  it('finds the one that begins so, and the latest', async () => {
    expect(await resolveId('deployment', 'BBB', list)).toBe(ids[2]);
    expect(await resolveId('deployment', 'latest', list)).toBe(ids[0]);
  });
  it('refuses what is none or more than one', async () => {
    await expect(resolveId('deployment', 'aaaa', list)).rejects.toMatchObject({
      code: 'IdAmbiguous',
      message: '"aaaa" begins the ids of 2 deployments',
    });
    await expect(resolveId('job', 'cc', list)).rejects.toMatchObject({ code: 'IdUnknown', action: 'see the ids with: takt jobs' });
    await expect(resolveId('job', 'latest', () => Promise.resolve([]))).rejects.toMatchObject({ message: 'there is no job yet' });
  });
});
