import type { Activation, RuntimeStatus } from '@takt/contracts';
import type { HealthFinding } from '@takt/gates';
import type { DeploymentId, TaktErrorData } from '@takt/kernel';
import type { ActivationRecord } from './record.js';

export type CandidatePhase = NonNullable<RuntimeStatus['candidate']>['phase'];

/** Times of an event: monotonic ms for durations, ISO 8601 for the record. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: string;
}

/** Figures of the candidate in this run of the runtime. Lost with the process: the check starts over, the attempts do not. */
export interface Trial {
  readonly phase: CandidatePhase;
  /** Monotonic start of this run's part of the check. */
  readonly since: number;
  /** Monotonic time of the newest progress: a judged frame, a phase that began, or `since`. */
  readonly progressAt: number;
  /** Times the committed engine was lost while this run checked the candidate. */
  readonly baselineLosses: number;
  /** Whether its host was asked for. It waits for the committed engine, so that a start serves as early as it can. */
  readonly started: boolean;
  /** Comparison frames served as planned; decides whose turn it is. */
  readonly turn: number;
  readonly previousMs: readonly number[];
  readonly candidateMs: readonly number[];
  /** Frames the candidate was given, and how many ended in an error of the engine. */
  readonly frames: number;
  readonly errors: number;
  /** Monotonic end times of the newest results while it serves alone. */
  readonly soloDone: readonly number[];
  readonly soloDelivered: number;
  /** Frames dropped so far on the line when the trial's first frame and its first solo frame were served. */
  readonly droppedBefore: number | null;
  readonly droppedBeforeSolo: number | null;
  readonly dropped: number;
  readonly firstFrameAt: number | null;
  readonly compared: readonly HealthFinding[];
  readonly deliveredFps: number | null;
}

export interface MachineState {
  readonly record: ActivationRecord;
  /** Null until the line is assigned. */
  readonly requiredFps: number | null;
  /** Engines that are loaded and warm. */
  readonly ready: ReadonlySet<DeploymentId>;
  /** Engines whose artifact was refused in this run. */
  readonly refused: ReadonlySet<DeploymentId>;
  readonly trial: Trial | null;
  /** Monotonic end times of the committed engine's newest results while nothing was checked. */
  readonly servedAt: readonly number[];
}

export type MachineEvent =
  | { readonly type: 'boot' }
  | { readonly type: 'line'; readonly requiredFps: number; readonly newSource: boolean }
  | { readonly type: 'activate'; readonly activation: Activation }
  | { readonly type: 'rollback' }
  | { readonly type: 'engine-ready'; readonly deploymentId: DeploymentId }
  /** The artifact cannot be served; trying again would not help. */
  | { readonly type: 'engine-refused'; readonly deploymentId: DeploymentId; readonly error: TaktErrorData }
  /** The host ended or hung. */
  | { readonly type: 'engine-lost'; readonly deploymentId: DeploymentId }
  | FrameEvent
  | { readonly type: 'tick' }
  | { readonly type: 'stop' };

/** An engine was given a frame. */
export interface FrameEvent {
  readonly type: 'frame';
  readonly deploymentId: DeploymentId;
  /** Whether the engine was the first choice for the frame; a stand-in's time is no sample. */
  readonly planned: boolean;
  readonly takenAt: number;
  readonly doneAt: number;
  readonly ok: boolean;
  /** Frames the line dropped since its start. */
  readonly droppedTotal: number;
}

/** What the caller must do, in order; `persist` is on disk before the next command runs. */
export type Command =
  | { readonly type: 'persist'; readonly record: ActivationRecord }
  | { readonly type: 'start'; readonly activation: Activation; readonly after: 'now' | 'crash' | 'refusal' }
  | { readonly type: 'end'; readonly deploymentId: DeploymentId };

export interface Step {
  readonly state: MachineState;
  readonly commands: readonly Command[];
}
