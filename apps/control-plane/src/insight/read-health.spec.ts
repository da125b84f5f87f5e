import type { HealthView } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import type { Authenticated } from '../access/authenticator.js';
import { ReadHealth } from './read-health.js';

const check = { name: 'database', since: '2026-01-01T00:00:00.000Z', figures: { latencyMs: 1 } };
const view: HealthView = {
  status: 'degraded',
  version: '1',
  checks: [
    { ...check, status: 'failing', reason: 'Unreachable', message: 'connect ECONNREFUSED 10.0.0.7:5432' },
    { ...check, status: 'ok', reason: 'Ok', message: 'answers' },
  ],
};
const known: Authenticated = { context: { actor: 'a', role: 'viewer', siteScope: null, requestId: '' }, sessionId: null };
const read = (answer: () => Promise<Authenticated>, bearer?: string): Promise<HealthView> =>
  new ReadHealth({ execute: () => Promise.resolve(view) }, { authenticate: answer }, 1).execute({ bearer, session: undefined }, '');

describe('ReadHealth', () => {
  it('shows messages to holders of a valid token', async () => {
    expect(await read(() => Promise.resolve(known), 'Bearer x')).toEqual(view);
  });

  it.each([
    ['no token', () => Promise.resolve(known), undefined],
    ['a token that is refused', () => Promise.reject(new Error('revoked')), 'Bearer x'],
    ['a token that is not checked in time', () => new Promise<Authenticated>(() => undefined), 'Bearer x'],
  ])('shows status, reason and figures alone with %s', async (_, answer, bearer) => {
    const shown = await read(answer, bearer);
    expect(JSON.stringify(shown)).not.toContain('10.0.0.7');
    expect(shown).toEqual({
      ...view,
      checks: [{ ...view.checks[0], message: expect.stringContaining('takt health') as string }, view.checks[1]],
    });
  });
});
