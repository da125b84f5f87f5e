import type { GateView, RolloutDetail, RolloutPlanView } from '@takt/contracts';
import { DEFAULT_ROLLOUT_POLICY } from '@takt/rollout';
import { uuid } from './views.js';

const AT = '2026-11-23T10:00:00.000Z';
const named = (n: number, name: string): { id: string; name: string } => ({ id: uuid(n), name });

/** Plain data as it goes over the wire: ids have no brands there. */
type Wire<T> = T extends string
  ? string
  : T extends readonly (infer I)[]
    ? Wire<I>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;
type Member = Wire<RolloutDetail>['members'][number];
type Counts = RolloutDetail['counts'];

const NO_NODE: Counts = {
  total: 0,
  pending: 0,
  working: 0,
  offline: 0,
  deferred: 0,
  succeeded: 0,
  failed: 0,
  'rolled-back': 0,
  superseded: 0,
  excluded: 0,
};

const countsOf = (members: readonly Member[]): Counts => {
  const counts = { ...NO_NODE, total: members.length };
  for (const { bucket } of members) counts[bucket as keyof Counts] += 1;
  return counts;
};

export const member = (n: number, wave: number, bucket: Member['bucket'], reason: string | null = null): Member => ({
  node: named(0xa0 + n, `node-${String(n)}`),
  nodeId: uuid(0xa0 + n),
  site: 'north',
  lines: [`line-${String(n)}`],
  profile: 'x64-avx2-2c',
  wave,
  bucket,
  reason,
  message: reason === null ? '' : `because of ${reason}`,
  online: true,
  deployments: [],
});

export const gate = (wave: number, outcome: GateView['outcome'], p50: number): Wire<GateView> => ({
  id: uuid(0x90 + wave),
  rollout: named(0x70, 'strip-2-1'),
  wave,
  profile: 'x64-avx2-2c',
  outcome,
  reason: outcome === 'successful' ? 'WithinMargins' : outcome === 'failed' ? 'ServiceTimeP50' : 'Measuring',
  message: `service-time p50 changed by ${String(p50)}`,
  missing: outcome === 'running' ? ['the soak time is not over'] : [],
  suggestedAction: outcome === 'failed' ? 'make a release with another recipe' : null,
  nodes: { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0, measured: 1, controls: 2 },
  findings: [
    {
      code: 'ServiceTimeP50',
      outcome: outcome === 'failed' ? 'failed' : 'successful',
      against: 'control and past',
      measured: p50,
      lower: p50 - 0.02,
      upper: p50 + 0.02,
      bound: 0.1,
      unit: 'fraction',
      message: 'p50',
    },
    {
      code: 'NodesMeasured',
      outcome: 'successful',
      against: 'policy',
      measured: 1,
      lower: null,
      upper: null,
      bound: 1,
      unit: 'nodes',
      message: 'measured',
    },
  ],
  look: { number: 2, planned: 5, upToSeconds: 600, confidenceToPass: 0.975, confidenceToFail: 0.9875, nextAtSeconds: 1200 },
  distributions: [
    { group: 'updated before', slots: 1, frames: 400, p50Ms: 12.5, p95Ms: 14, p99Ms: 15, deliveredFps: 7.5, buckets: [] },
    { group: 'updated after', slots: 1, frames: 400, p50Ms: 12.5 * (1 + p50), p95Ms: 15, p99Ms: 16, deliveredFps: 7.4, buckets: [] },
  ],
  startedAt: AT,
  decidedAt: outcome === 'running' ? null : AT,
  decidedBy: outcome === 'running' ? null : 'gate',
});

const wave = (
  index: number,
  step: RolloutDetail['waves'][number]['step'],
  members: readonly Member[],
): Wire<RolloutDetail>['waves'][number] => ({
  index,
  name: index === 0 ? 'canary' : `wave ${String(index + 1)}`,
  step,
  counts: countsOf(members.filter((one) => one.wave === index && one.bucket !== 'excluded')),
  startedAt: step === 'pending' ? null : AT,
  soakingSince: step === 'soaking' ? AT : null,
  endedAt: step === 'passed' || step === 'failed' ? AT : null,
  approvedBy: null,
});

export interface Moment {
  readonly phase?: RolloutDetail['phase'];
  readonly steps: readonly RolloutDetail['waves'][number]['step'][];
  readonly members: readonly Member[];
  readonly gates?: readonly Wire<GateView>[];
  readonly hold?: RolloutDetail['hold'];
}

export const rollout = ({ phase = 'running', steps, members, gates = [], hold = null }: Moment): Wire<RolloutDetail> => ({
  id: uuid(0x70),
  name: 'strip-2-1',
  release: named(0xe2, 'strip-2'),
  model: 'strip',
  phase,
  currentWave: Math.max(
    0,
    steps.findLastIndex((step) => step !== 'pending'),
  ),
  counts: countsOf(members),
  waves: steps.map((step, index) => wave(index, step, members)),
  hold,
  policy: structuredClone(DEFAULT_ROLLOUT_POLICY) as Wire<RolloutDetail>['policy'],
  createdBy: 'admin',
  createdAt: AT,
  updatedAt: AT,
  endedAt: ['succeeded', 'rolled-back', 'partial', 'aborted'].includes(phase) ? '2026-11-23T10:01:20.000Z' : null,
  gates: [...gates],
  members: [...members],
});

const excluded = member(4, 0, 'excluded', 'FailedContent');
const moment = (a: Member['bucket'], b: Member['bucket'], reason: string | null = null): Member[] => [
  member(1, 0, a, reason),
  member(2, 1, b),
  member(3, 1, b),
  excluded,
];

/** A rollout that goes well, as it is read from one look to the next. */
export const GOOD: readonly Moment[] = [
  { steps: ['moving', 'pending'], members: moment('working', 'pending') },
  { steps: ['soaking', 'pending'], members: moment('succeeded', 'pending'), gates: [gate(0, 'running', 0.01)] },
  { steps: ['passed', 'moving'], members: moment('succeeded', 'working'), gates: [gate(0, 'successful', 0.012)] },
  {
    phase: 'succeeded',
    steps: ['passed', 'passed'],
    members: moment('succeeded', 'succeeded'),
    gates: [gate(0, 'successful', 0.012), gate(1, 'successful', -0.03)],
  },
];

/** One whose canary is slower than its margin. */
export const BAD: readonly Moment[] = [
  { steps: ['soaking', 'pending'], members: moment('succeeded', 'pending'), gates: [gate(0, 'running', 0.9)] },
  { phase: 'rolling-back', steps: ['failed', 'cancelled'], members: moment('working', 'pending'), gates: [gate(0, 'failed', 0.94)] },
  {
    phase: 'rolled-back',
    steps: ['failed', 'cancelled'],
    members: moment('rolled-back', 'pending', 'GateFailed'),
    gates: [gate(0, 'failed', 0.94)],
  },
];

export const HELD: Moment = {
  phase: 'held',
  steps: ['soaking', 'pending'],
  members: moment('succeeded', 'pending'),
  gates: [gate(0, 'inconclusive', 0.09)],
  hold: {
    code: 'GateInconclusive',
    message: 'the gate of the canary could not decide',
    suggestedAction: 'takt rollout resume strip-2-1',
  },
};

export const plan: Wire<RolloutPlanView> = {
  release: named(0xe2, 'strip-2'),
  model: 'strip',
  policy: structuredClone(DEFAULT_ROLLOUT_POLICY) as Wire<RolloutPlanView>['policy'],
  waves: [
    { index: 0, name: 'canary', nodes: [{ name: 'node-1', site: 'north', profile: 'x64-avx2-2c', online: true }] },
    { index: 1, name: 'wave 2', nodes: [{ name: 'node-2', site: 'south', profile: 'x64-avx2-2c', online: false }] },
  ],
  excluded: [{ name: 'node-4', site: 'north', code: 'FailedContent', message: 'the same content failed there' }],
  conflicts: [named(0x71, 'strip-1-3')],
};
