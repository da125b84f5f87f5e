import type { DeploymentId, Digest, JobId, SlotId, TaktErrorData } from '@takt/kernel';
import type { ArtifactRef, WantedCalibration, WantedSlot } from './desired.js';
import type { DeploymentStage, JobStage } from './progress.js';

/**
 * One idempotent action. `key` names the work: two steps with one key are the same work, done once at a time. A plan is
 * computed anew on each tick and never resumed, so a step is left out as soon as its effect is on disk.
 */
export type Step =
  | FetchStep
  | UnpackStep
  | CalibrateStep
  | FinishCalibrationStep
  | BuildStep
  | AssignLineStep
  | ActivateStep
  | ObserveStep
  | WaitStep
  | RememberFailureStep
  | ReportDeploymentStep
  | ReportJobStep;

export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { readonly kind: K }>;

/** One function per kind of step: a new kind does not compile until it has one. */
export type StepExecutors<R> = { readonly [K in StepKind]: (step: StepOf<K>) => R };

export interface FetchStep {
  readonly kind: 'fetch-artifact';
  readonly key: string;
  readonly ref: ArtifactRef;
}

export interface UnpackStep {
  readonly kind: 'unpack-dataset';
  readonly key: string;
  readonly digest: Digest;
}

export interface CalibrateStep {
  readonly kind: 'calibrate';
  readonly key: string;
  readonly calibrationKey: string;
  readonly job: WantedCalibration;
}

/** Stores the statistics file in the control plane and reports the job. */
export interface FinishCalibrationStep {
  readonly kind: 'finish-calibration';
  readonly key: string;
  readonly calibrationKey: string;
  readonly jobId: JobId;
}

export interface BuildStep {
  readonly kind: 'build';
  readonly key: string;
  readonly buildKey: string;
  readonly deploymentId: DeploymentId;
  readonly buildJobId: JobId;
}

export interface AssignLineStep {
  readonly kind: 'assign-line';
  readonly key: string;
  readonly slot: WantedSlot;
}

export interface ActivateStep {
  readonly kind: 'activate';
  readonly key: string;
  readonly slug: string;
  readonly deploymentId: DeploymentId;
  readonly buildKey: string;
}

/** The runtime works on it; nothing to do but to look again soon. */
export interface ObserveStep {
  readonly kind: 'observe';
  readonly key: string;
  readonly slug: string;
  readonly deploymentId: DeploymentId;
}

/** Nothing can be done now; the reason is what an operator is told. */
export interface WaitStep {
  readonly kind: 'wait';
  readonly key: string;
  /** PascalCase, e.g. `WaitingForStatistics`. */
  readonly reason: string;
  readonly message: string;
  /** Wall-clock ms when waiting ends by itself; null when something else must happen. */
  readonly until: number | null;
}

export interface RememberFailureStep {
  readonly kind: 'remember-failure';
  readonly key: string;
  readonly contentKey: string;
  readonly deploymentId: DeploymentId;
  readonly reason: string;
  readonly message: string;
}

export interface ReportDeploymentStep {
  readonly kind: 'report-deployment';
  readonly key: string;
  readonly deploymentId: DeploymentId;
  readonly slotId: SlotId;
  readonly state: DeploymentStage;
  readonly reason: string | null;
  readonly message: string;
  /** Slug of the line whose runtime outcome carries the health report; null where there is none. */
  readonly outcomeOf: string | null;
  readonly error: TaktErrorData | null;
}

export interface ReportJobStep {
  readonly kind: 'report-job';
  readonly key: string;
  readonly jobId: JobId;
  readonly jobKind: 'calibrate' | 'build';
  readonly state: JobStage;
  /** Build whose record is the result; null where there is none. */
  readonly buildKey: string | null;
  /** Whether the result was on disk before this job ran. */
  readonly reused: boolean;
  readonly error: TaktErrorData | null;
}
