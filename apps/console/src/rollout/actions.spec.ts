import { ROLLOUT_TRANSITIONS } from '@takt/rollout';
import type { RolloutPhase } from '@takt/rollout';
import { describe, expect, it } from 'vitest';
import { allowedActions, needsReason } from './actions.js';

const wanted: Readonly<Record<RolloutPhase, readonly string[]>> = {
  running: ['pause', 'abort', 'rollback'],
  paused: ['resume', 'abort', 'rollback'],
  held: ['approve', 'resume', 'abort', 'rollback'],
  'awaiting-approval': ['approve', 'pause', 'abort', 'rollback'],
  'rolling-back': ['abort'],
  succeeded: ['rollback'],
  partial: ['rollback'],
  aborted: ['rollback'],
  'rolled-back': [],
  superseded: [],
};

describe('allowedActions', () => {
  it.each(Object.entries(wanted))('%s: %j', (phase, actions) => {
    expect(allowedActions(phase as RolloutPhase)).toEqual(actions);
  });

  it('knows every phase of the machine', () => {
    expect(Object.keys(wanted).sort()).toEqual(Object.keys(ROLLOUT_TRANSITIONS).sort());
  });
});

describe('needsReason', () => {
  it('is asked for what overrides, ends or goes back', () => {
    expect(needsReason('approve', 'held')).toBe(true);
    expect(needsReason('approve', 'awaiting-approval')).toBe(false);
    expect(needsReason('rollback', 'running')).toBe(true);
    expect(needsReason('abort', 'running')).toBe(true);
    expect(needsReason('pause', 'running')).toBe(false);
    expect(needsReason('resume', 'held')).toBe(false);
  });
});
