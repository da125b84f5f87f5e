import { rolloutPolicyInputSchema } from '@takt/contracts';
import { DEFAULT_GATE_POLICY } from '@takt/gates';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { GATE_FLAGS, policyOf, targetOf, withPolicy, withTarget } from './rollout-flags.js';
import type { PolicyOptions, TargetOptions } from './rollout-flags.js';
import { duration, fractionIn, moreWords, waveSizes } from './rollout-values.js';

/** Parses words as a command line would and gives what would be sent. */
function sent(...words: string[]): { policy: unknown; target: unknown } {
  const command = withPolicy(withTarget(new Command('start').exitOverride().configureOutput({ writeErr: () => undefined })));
  command.option('--reason <text>');
  command.parse(words, { from: 'user' });
  const options = command.opts<PolicyOptions & TargetOptions>();
  const policy = policyOf(options, command);
  expect(rolloutPolicyInputSchema.parse(policy)).toEqual(policy);
  return { policy, target: targetOf(options) };
}

describe('values of a rollout', () => {
  it.each([
    ['90s', 90],
    ['10m', 600],
    ['10min', 600],
    ['1.5h', 5400],
    ['1h30m', 5400],
    ['2 h', 7200],
    ['1d', 86_400],
  ])('takes %s for %d seconds', (text, seconds) => {
    expect(duration(text)).toBe(seconds);
  });

  it.each(['', '10', 'm', '10x', '10m5', '-5s', '0s', '1.5s', '5 apples 3s'])('refuses %j as a time', (text) => {
    expect(() => duration(text)).toThrow('Give a time such as 90s, 10m, 1h30m or 2h.');
  });

  it('takes a share as percent or as a fraction', () => {
    expect(fractionIn(0, 1)('10%')).toBe(0.1);
    expect(fractionIn(0, 1)('0.25')).toBe(0.25);
    expect(() => fractionIn(0, 1)('101%')).toThrow('Give a number from 0 to 100 %.');
    expect(() => fractionIn(0, 1)('10')).toThrow('Give a number from 0 to 1.');
  });

  it('takes sizes of waves, each share larger than the one before', () => {
    expect(waveSizes('1, 25%,100%')).toEqual([
      { kind: 'nodes', perProfile: 1 },
      { kind: 'percent', upTo: 25 },
      { kind: 'percent', upTo: 100 },
    ]);
    for (const text of ['', '0', '0%', '101%', '50%,25%', '1,,2']) expect(() => waveSizes(text)).toThrow();
  });

  it('takes lists in one word or by repeating', () => {
    expect(moreWords('c', moreWords('a, b'))).toEqual(['a', 'b', 'c']);
    expect(() => moreWords(' ')).toThrow('Give at least one name.');
  });
});

describe('what is sent of a policy', () => {
  it('is what was named, and nothing else', () => {
    expect(sent()).toEqual({ policy: {}, target: {} });
    expect(sent('--soak', '10m', '--approval', 'after-canary', '--node', 'a', '--node', 'b,c', '--site', 'north')).toEqual({
      policy: { soakSeconds: 600, approval: 'after-canary' },
      target: { nodes: ['a', 'b', 'c'], sites: ['north'] },
    });
    expect(sent('--max-p95-increase', '50%', '--min-frames', '60', '--on-inconclusive', 'rollback').policy).toEqual({
      gate: { maxServiceTimeP95Increase: 0.5, minFrames: 60 },
      onGate: { inconclusive: 'rollback' },
    });
  });

  it('has a canary before the waves that follow it', () => {
    expect(sent('--canary', '2').policy).toMatchObject({
      waves: [{ perProfile: 2 }, { upTo: 25 }, { upTo: 100 }],
    });
    expect(sent('--canary', '2', '--waves', '100%').policy).toMatchObject({ waves: [{ perProfile: 2 }, { upTo: 100 }] });
    expect(sent('--waves', '3').policy).toEqual({ waves: [{ kind: 'nodes', perProfile: 3 }] });
  });

  it('names a reason where the local loop is switched off, and asks for one', () => {
    expect(sent('--local-rollback', 'report', '--reason', 'trial').policy).toEqual({
      localRollback: { onPerformanceBreach: 'report', reason: 'trial' },
    });
    expect(sent('--local-rollback', 'roll-back').policy).toEqual({ localRollback: { onPerformanceBreach: 'roll-back', reason: null } });
    expect(() => sent('--local-rollback', 'report')).toThrow('--reason TEXT');
  });

  it('reaches every bound of a gate', () => {
    expect(GATE_FLAGS.map(({ name }) => name).sort()).toEqual(Object.keys(DEFAULT_GATE_POLICY).sort());
  });
});
