import { DEFAULT_GATE_POLICY } from '@takt/gates';
import type { GatePolicy } from '@takt/gates';

/** How many nodes a wave takes, counted per hardware profile. */
export type WaveSize =
  | { readonly kind: 'nodes'; readonly perProfile: number }
  /** Of each profile's nodes, cumulated over the waves, in percent. */
  | { readonly kind: 'percent'; readonly upTo: number };

export type GateAction = 'rollback' | 'hold';

export interface RolloutPolicy {
  /** The first wave is the canary. Nodes that no wave names form a last one. */
  readonly waves: readonly WaveSize[];
  /** Nodes that may be moved at a time. */
  readonly maxConcurrent: number;
  /** Nodes of one line that may be moved at a time. */
  readonly maxPerLine: number;
  /** Time a wave must stay healthy before its gate may succeed, seconds. */
  readonly soakSeconds: number;
  /** Time after which a gate that has not decided ends as inconclusive, or as an error, seconds. */
  readonly maxSoakSeconds: number;
  /** Time after which a wave goes to its gate although some of its nodes wait or work, seconds. */
  readonly waveDeadlineSeconds: number;
  /** Whether a person must approve the next wave. */
  readonly approval: 'none' | 'after-canary' | 'every-wave';
  readonly gate: GatePolicy;
  /** What follows an outcome that is not a pass. */
  readonly onGate: { readonly failed: GateAction; readonly inconclusive: GateAction; readonly error: GateAction };
  /** `report`: the nodes' own check reports a breach of speed and does not go back; the fleet's gate is then the only loop. */
  readonly localRollback: { readonly onPerformanceBreach: 'roll-back' | 'report'; readonly reason: string | null };
}

export const DEFAULT_ROLLOUT_POLICY: RolloutPolicy = {
  waves: [
    { kind: 'nodes', perProfile: 1 },
    { kind: 'percent', upTo: 25 },
    { kind: 'percent', upTo: 100 },
  ],
  maxConcurrent: 20,
  maxPerLine: 1,
  soakSeconds: 600,
  maxSoakSeconds: 3_600,
  waveDeadlineSeconds: 7_200,
  approval: 'none',
  gate: DEFAULT_GATE_POLICY,
  onGate: { failed: 'rollback', inconclusive: 'hold', error: 'hold' },
  localRollback: { onPerformanceBreach: 'roll-back', reason: null },
};
