import { DEFAULT_GATE_POLICY, HISTOGRAM_BUCKETS, assessGate } from '@takt/gates';
import type { PeriodInterval, SlotFigures } from '@takt/gates';
import { describe, expect, it } from 'vitest';
import { COUNT_MAX } from '../wire-limits.js';
import { createTokenSchema } from './access.js';
import { gateReportSchema, rolloutTargetSchema } from './rollouts.js';

/** As much as counters of the contract can grow between two readings, in every bucket. */
const extreme = (lagSeconds: number): PeriodInterval => ({
  lagSeconds,
  seconds: 1e-3,
  delivered: COUNT_MAX,
  dropped: COUNT_MAX,
  errors: COUNT_MAX,
  serviceTime: Array.from(
    { length: HISTOGRAM_BUCKETS.highest - HISTOGRAM_BUCKETS.lowest + 1 },
    (_, index) => [HISTOGRAM_BUCKETS.lowest + index, COUNT_MAX] as const,
  ),
});

describe('the report of a gate', () => {
  it('follows its contract whatever counters the nodes sent: a rollout that has one stays readable', () => {
    const period = Array.from({ length: 6 }, (_, index) => extreme(6 - index));
    const slot = (name: string): SlotFigures => ({ slotId: name, nodeId: name, requiredFps: 5, before: period, after: period });
    const report = assessGate({
      policy: DEFAULT_GATE_POLICY,
      canary: true,
      updated: [slot('moved')],
      controls: [slot('kept')],
      nodes: { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0 },
      look: { number: 1, planned: 1, upToSeconds: 60, confidenceToPass: 0.95, confidenceToFail: 0.95, nextAtSeconds: null },
      seed: 1,
    });
    expect(report.distributions[0]?.frames).toBeGreaterThan(COUNT_MAX);
    const read: unknown = JSON.parse(JSON.stringify(report));
    expect(gateReportSchema.parse(read)).toEqual(read);
  });
});

describe('lists of a request', () => {
  const refs = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${String(index)}`);

  it.each(['sites', 'lines', 'nodes', 'profiles'] as const)('%s of a target end at a thousand', (list) => {
    expect(rolloutTargetSchema.safeParse({ [list]: refs(1_000) }).success).toBe(true);
    expect(rolloutTargetSchema.safeParse({ [list]: refs(1_001) }).success).toBe(false);
  });

  it('sites of a token end at a thousand', () => {
    const token = { name: 'ci', role: 'viewer' };
    expect(createTokenSchema.safeParse({ ...token, sites: refs(1_000) }).success).toBe(true);
    expect(createTokenSchema.safeParse({ ...token, sites: refs(1_001) }).success).toBe(false);
  });
});
