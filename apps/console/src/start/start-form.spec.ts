import { createRolloutSchema } from '@takt/contracts';
import { DEFAULT_ROLLOUT_POLICY } from '@takt/rollout';
import { describe, expect, it } from 'vitest';
import { EMPTY_FORM, readWaves, startRequest } from './start-form.js';
import type { StartForm, StartRequest } from './start-form.js';

const sent = (change: Partial<StartForm>): StartRequest => {
  const request = startRequest({ ...EMPTY_FORM, release: 'better', ...change });
  if (typeof request === 'string') throw new Error(`${request} is not right yet`);
  return request;
};

describe('startRequest', () => {
  it('sends the default policy where nothing was changed', () => {
    const { waves, soakSeconds, maxSoakSeconds, maxConcurrent, approval, localRollback } = DEFAULT_ROLLOUT_POLICY;
    expect(sent({}).policy).toMatchObject({ waves, soakSeconds, maxSoakSeconds, maxConcurrent, approval, localRollback });
    const { maxServiceTimeP50Increase, maxServiceTimeP95Increase, maxDeliveredFpsShortfall } = DEFAULT_ROLLOUT_POLICY.gate;
    expect(sent({}).policy.gate).toEqual({ maxServiceTimeP50Increase, maxServiceTimeP95Increase, maxDeliveredFpsShortfall });
  });

  it('sends what the control plane takes', () => {
    expect(createRolloutSchema.safeParse(sent({ sites: ['north'], p50Percent: 12.5 })).error).toBeUndefined();
  });

  it('leaves out a target that is everything', () => {
    expect(sent({}).target).toEqual({});
    expect(sent({ sites: ['north'] }).target).toEqual({ sites: ['north'] });
  });

  it('moves all the rest in one wave where no later wave is given', () => {
    expect(sent({ canary: 2, laterWaves: ' ' }).policy.waves).toEqual([
      { kind: 'nodes', perProfile: 2 },
      { kind: 'percent', upTo: 100 },
    ]);
  });

  it('wants a reason where nodes do not go back by themselves', () => {
    expect(startRequest({ ...EMPTY_FORM, release: 'better', localRollback: false, localReason: ' ' })).toBe('localReason');
    expect(sent({ localRollback: false, localReason: ' trial ' }).policy.localRollback).toEqual({
      onPerformanceBreach: 'report',
      reason: 'trial',
    });
  });

  it('names the field that is not right yet', () => {
    expect(startRequest(EMPTY_FORM)).toBe('release');
    expect(startRequest({ ...EMPTY_FORM, release: 'better', laterWaves: '50, 25' })).toBe('laterWaves');
    expect(startRequest({ ...EMPTY_FORM, release: 'better', soakSeconds: 60, maxSoakSeconds: 30 })).toBe('maxSoakSeconds');
  });
});

describe('readWaves', () => {
  it.each([
    ['25, 100', [25, 100]],
    ['10%，50、100', [10, 50, 100]],
    ['', []],
  ])('reads %j', (text, waves) => expect(readWaves(text)).toEqual(waves));

  it.each(['100, 25', '0', '101', 'half', '50, 50'])('does not take %j', (text) => expect(readWaves(text)).toBeUndefined());
});
