import type { Look } from './planned-looks.js';

/** Bounds that the updated nodes of one hardware profile must keep before the next wave may begin. Part of a rollout's policy. */
export interface GatePolicy {
  /** Allowed increase of service-time p50 against control boxes and the node's own past, as a fraction. */
  readonly maxServiceTimeP50Increase: number;
  /** Allowed increase of service-time p95, as a fraction. */
  readonly maxServiceTimeP95Increase: number;
  /** Allowed shortfall of delivered FPS against what the line requires (or had before, where that was less), as a fraction. */
  readonly maxDeliveredFpsShortfall: number;
  /** Allowed share of frames that end in an error, as a fraction. */
  readonly maxErrorRate: number;
  /** Frames each slot must have served, before and after its move, until it counts as measured. */
  readonly minFrames: number;
  /** Intervals between two samples that each slot must have, before and after. */
  readonly minIntervals: number;
  /** One-sided confidence with which a bound must be shown to be kept, or broken, over all looks together, as a fraction. */
  readonly confidence: number;
  /** Share of the nodes of a wave that may fail or go back by themselves, as a fraction; 0 in a canary wave. */
  readonly maxFailedShare: number;
  /** Share of a wave's nodes that must have been moved and measured for its gate to pass, as a fraction. */
  readonly minMeasuredShare: number;
}

export const DEFAULT_GATE_POLICY: GatePolicy = {
  maxServiceTimeP50Increase: 0.1,
  maxServiceTimeP95Increase: 0.25,
  maxDeliveredFpsShortfall: 0.05,
  maxErrorRate: 0.01,
  minFrames: 200,
  minIntervals: 6,
  confidence: 0.95,
  maxFailedShare: 0.1,
  minMeasuredShare: 0.5,
};

export const GateOutcome = {
  /** The wave has not come to its gate. */
  pending: 'pending',
  /** It is being measured. */
  running: 'running',
  /** Shown to be no worse than the margin. */
  successful: 'successful',
  /** Shown to be worse than the margin. */
  failed: 'failed',
  /** It could not be measured: no figures came. */
  error: 'error',
  /** Measured, and neither shown; holds and says what is missing. */
  inconclusive: 'inconclusive',
} as const;
export type GateOutcome = (typeof GateOutcome)[keyof typeof GateOutcome];

/** How a single bound of a gate ends. */
export const FindingOutcomes = ['successful', 'failed', 'error', 'inconclusive'] as const satisfies readonly GateOutcome[];
export type FindingOutcome = (typeof FindingOutcomes)[number];

/** One bound of a gate: what was measured, how sure that is, and what follows. */
export interface GateFinding {
  /** `NodesFailed`, `NodesMeasured`, `DeliveredFps`, `ServiceTimeP50`, `ServiceTimeP95`, `ErrorRate`. */
  readonly code: string;
  readonly outcome: FindingOutcome;
  /** What it was compared with. */
  readonly against: 'control and past' | 'past' | 'required rate' | 'policy';
  /** Null where nothing could be measured. */
  readonly measured: number | null;
  /** Bounds of the confidence interval of `measured`; null where there is none. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly bound: number;
  /** `fraction` (0.1 is 10 %), `nodes`. */
  readonly unit: 'fraction' | 'nodes';
  /** One sentence with the numbers. */
  readonly message: string;
}

/** Service times of one group of nodes over one period, as drawn beside each other. */
export interface GateDistribution {
  readonly group: 'updated before' | 'updated after' | 'control before' | 'control after';
  readonly slots: number;
  readonly frames: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Results per second and slot. */
  readonly deliveredFps: number | null;
  /** Share of the frames per bucket of service time, ascending; empty buckets are left out. */
  readonly buckets: readonly { readonly fromMs: number; readonly toMs: number; readonly share: number }[];
}

/** What a gate found for one wave and hardware profile. */
export interface GateReport {
  readonly outcome: GateOutcome;
  /** Code of the finding that decided; `WithinMargins` on a pass. */
  readonly reason: string;
  readonly message: string;
  /** What is still needed for a decision; empty where there is one. */
  readonly missing: readonly string[];
  /** One thing to do; null where nothing needs doing. */
  readonly suggestedAction: string | null;
  readonly nodes: {
    readonly total: number;
    readonly attempted: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly rolledBack: number;
    readonly measured: number;
    readonly controls: number;
  };
  readonly findings: readonly GateFinding[];
  /** The planned look that it was found at; null before the first. */
  readonly look: Look | null;
  readonly distributions: readonly GateDistribution[];
}
