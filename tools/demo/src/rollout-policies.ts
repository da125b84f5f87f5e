import type { RolloutPolicyInput } from '@takt/contracts';

/**
 * A canary of one node, then the rest; times and samples are short, so that the demo is. The margin of p95 is wide: three
 * lines, the builds of their engines and all services share this one machine, which moves the slowest frames of any engine.
 */
export const DEMO_POLICY = {
  waves: [
    { kind: 'nodes', perProfile: 1 },
    { kind: 'percent', upTo: 100 },
  ],
  maxConcurrent: 2,
  soakSeconds: 15,
  maxSoakSeconds: 90,
  waveDeadlineSeconds: 240,
  gate: { maxServiceTimeP95Increase: 1, maxDeliveredFpsShortfall: 0.1, minFrames: 40, minIntervals: 4 },
} as const satisfies RolloutPolicyInput;

/** Why the last rollout leaves the decision to the fleet; kept with it. */
export const LOOP_OFF_REASON = "shown in the demo: the nodes' own check only reports, so that the fleet's gate has to act";

export const LOOP_OFF_POLICY = {
  ...DEMO_POLICY,
  localRollback: { onPerformanceBreach: 'report', reason: LOOP_OFF_REASON },
} as const satisfies RolloutPolicyInput;

const percent = (fraction: number): string => `${String(fraction * 100)} %`;

export const policyText = (): string =>
  `  policy: canary of one node, then the rest; soak ${String(DEMO_POLICY.soakSeconds)} s; p95 may grow by ` +
  `${percent(DEMO_POLICY.gate.maxServiceTimeP95Increase)} and FPS fall by ${percent(DEMO_POLICY.gate.maxDeliveredFpsShortfall)}, wider than a ` +
  `factory would have it: three lines, their builds and all services share this one machine`;
