import type { RolloutPolicyInput } from '@takt/contracts';

/**
 * A canary of one node, then the rest; times are short, so that the demo is. Margins are wide and the confidence is low: three
 * lines, the builds of their engines and all services share this one machine, which moves service times of any engine.
 */
export const DEMO_POLICY = {
  waves: [
    { kind: 'nodes', perProfile: 1 },
    { kind: 'percent', upTo: 100 },
  ],
  maxConcurrent: 2,
  soakSeconds: 12,
  maxSoakSeconds: 96,
  waveDeadlineSeconds: 240,
  gate: {
    maxServiceTimeP50Increase: 0.3,
    maxServiceTimeP95Increase: 1,
    maxDeliveredFpsShortfall: 0.1,
    confidence: 0.9,
    minFrames: 30,
    minIntervals: 4,
  },
} as const satisfies RolloutPolicyInput;

/** Why the last rollout leaves the decision to the fleet; kept with it. */
export const LOOP_OFF_REASON = "shown in the demo: the nodes' own check only reports, so that the fleet's gate has to act";

/** A release that is not shown to be good goes back, too. */
export const STRICT_POLICY = {
  ...DEMO_POLICY,
  onGate: { inconclusive: 'rollback', error: 'rollback' },
} as const satisfies RolloutPolicyInput;

export const LOOP_OFF_POLICY = {
  ...STRICT_POLICY,
  localRollback: { onPerformanceBreach: 'report', reason: LOOP_OFF_REASON },
} as const satisfies RolloutPolicyInput;

const percent = (fraction: number): string => `${String(fraction * 100)} %`;

export const policyText = (): string =>
  `  policy: canary of one node, then the rest; soak ${String(DEMO_POLICY.soakSeconds)} s; p50 may grow by ` +
  `${percent(DEMO_POLICY.gate.maxServiceTimeP50Increase)}, p95 by ${percent(DEMO_POLICY.gate.maxServiceTimeP95Increase)}, and FPS fall by ` +
  `${percent(DEMO_POLICY.gate.maxDeliveredFpsShortfall)}\n  (wider than a factory would have it: three lines, their builds and all services share this one machine)`;
