import type { RolloutPolicyInput } from '@takt/contracts';

/** A canary of one node, then the rest; times are short, so that the demo is. */
const SHORT = {
  waves: [
    { kind: 'nodes', perProfile: 1 },
    { kind: 'percent', upTo: 100 },
  ],
  maxConcurrent: 2,
  soakSeconds: 10,
  waveDeadlineSeconds: 240,
} as const satisfies RolloutPolicyInput;

/**
 * For a release that is meant to be good. Three lines, the builds of their engines, all services and whatever else runs share this
 * one machine, which slows any engine down for seconds: margins have room for that, and what goes wrong would still show.
 */
export const GENEROUS_POLICY = {
  ...SHORT,
  maxSoakSeconds: 80,
  gate: {
    maxServiceTimeP50Increase: 1,
    maxServiceTimeP95Increase: 3,
    maxDeliveredFpsShortfall: 0.3,
    confidence: 0.9,
    minFrames: 30,
    minIntervals: 4,
  },
} as const satisfies RolloutPolicyInput;

/** Why the last rollout leaves the decision to the fleet; kept with it. */
export const LOOP_OFF_REASON = "shown in the demo: the nodes' own check only reports, so that the fleet's gate has to act";

/**
 * For a release that is meant to be bad: an engine that takes twice as long is far outside these margins, and whatever is not shown
 * to be good is rolled back, too.
 */
export const STRICT_POLICY = {
  ...SHORT,
  maxSoakSeconds: 40,
  gate: { ...GENEROUS_POLICY.gate, maxServiceTimeP50Increase: 0.2, maxServiceTimeP95Increase: 0.5 },
  onGate: { inconclusive: 'rollback', error: 'rollback' },
} as const satisfies RolloutPolicyInput;

export const LOOP_OFF_POLICY = {
  ...STRICT_POLICY,
  localRollback: { onPerformanceBreach: 'report', reason: LOOP_OFF_REASON },
} as const satisfies RolloutPolicyInput;

const percent = (fraction: number): string => `${String(fraction * 100)} %`;

export const policyText = ({ soakSeconds, gate }: typeof GENEROUS_POLICY | typeof STRICT_POLICY): string =>
  `  policy: canary of one node, then the rest; soak ${String(soakSeconds)} s; p50 may grow by ` +
  `${percent(gate.maxServiceTimeP50Increase)}, p95 by ${percent(gate.maxServiceTimeP95Increase)}, and FPS fall by ` +
  percent(gate.maxDeliveredFpsShortfall);
