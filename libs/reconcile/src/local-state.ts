import type { DeploymentId, Digest, JobId, SlotId, TaktErrorData } from '@takt/kernel';
import type { DeploymentStage, JobStage } from './progress.js';

/** Last thing this node reported of a deployment. */
export interface DeploymentRecord {
  readonly slotId: SlotId;
  readonly state: DeploymentStage;
}

/** How a step ended badly, and when it may be tried again. */
export interface StepFailure {
  readonly error: TaktErrorData;
  /** Failures in a row. */
  readonly count: number;
  /** Wall-clock ms before which it is not tried again. */
  readonly retryAt: number;
}

/** Why a content may not be tried again on this box. */
export interface FailedContent {
  readonly deploymentId: DeploymentId;
  readonly reason: string;
  readonly message: string;
}

/** What a health report says of the frames that were judged: times of the new engine, and what it delivered alone. */
export interface JudgedHealth {
  readonly candidate?: { readonly frames: number } | null;
  readonly deliveredFps?: number | null;
}

export interface OutcomeView {
  readonly deploymentId: DeploymentId;
  readonly outcome: 'committed' | 'rolled-back' | 'failed';
  readonly reason: string | null;
  readonly message: string;
  /** Null where the engine never served a frame. */
  readonly health: JudgedHealth | null;
  readonly error: TaktErrorData | null;
}

/** A line's runtime as last seen over its control socket. */
export interface RuntimeView {
  readonly servingDeploymentId: DeploymentId | null;
  readonly candidate: { readonly deploymentId: DeploymentId; readonly phase: 'warming' | 'comparing' | 'solo' } | null;
  /** Ended activations, oldest first. */
  readonly outcomes: readonly OutcomeView[];
  /** Whether the runtime has the line's present configuration. */
  readonly lineAssigned: boolean;
}

/** What is on this node, read again for each plan. */
export interface LocalState {
  readonly artifacts: ReadonlySet<Digest>;
  /** Data sets that are unpacked. */
  readonly datasets: ReadonlySet<Digest>;
  /** Keys of builds whose record is on disk. */
  readonly builds: ReadonlySet<string>;
  /** Keys of calibrations whose statistics file is on disk. */
  readonly calibrations: ReadonlySet<string>;
  readonly deployments: ReadonlyMap<DeploymentId, DeploymentRecord>;
  readonly jobs: ReadonlyMap<JobId, JobStage>;
  readonly failedContent: ReadonlyMap<string, FailedContent>;
  /** Failures of steps by step key; forgotten when the step succeeds or the agent restarts. */
  readonly failures: ReadonlyMap<string, StepFailure>;
  /** By slug; undefined for a runtime that does not answer. */
  readonly runtimes: ReadonlyMap<string, RuntimeView>;
  /** Null until the box was probed. */
  readonly fingerprint: string | null;
}
