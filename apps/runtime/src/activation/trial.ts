import {
  assessAccuracy,
  assessAttempts,
  assessComparison,
  assessErrors,
  assessSolo,
  buildHealthReport,
  comparedEngine,
  isComparisonLook,
  maxSoloFrames,
  quantile,
} from '@takt/gates';
import type { HealthFinding, HealthReport } from '@takt/gates';
import type { DeploymentId } from '@takt/kernel';
import type { FrameEvent, MachineState, Trial } from './machine-types.js';

export const newTrial = (since: number): Trial => ({
  phase: 'warming',
  since,
  progressAt: since,
  baselineLosses: 0,
  started: false,
  turn: 0,
  previousMs: [],
  candidateMs: [],
  frames: 0,
  errors: 0,
  soloDone: [],
  soloDelivered: 0,
  droppedBefore: null,
  droppedBeforeSolo: null,
  dropped: 0,
  firstFrameAt: null,
  compared: [],
  deliveredFps: null,
});

/** Whether there is an engine to compare with: one is committed and its artifact loads. */
export const hasBaseline = (state: MachineState): boolean =>
  state.record.committed !== null && !state.refused.has(state.record.committed.deploymentId);

/**
 * Engines that may serve the next frame, in the order they are tried. A frame that the first one loses is given to the next, so
 * that a candidate's crash costs the line no frame.
 */
export function enginesFor(state: MachineState): readonly DeploymentId[] {
  const committed = state.record.committed?.deploymentId;
  const candidate = state.trial === null ? undefined : state.record.candidate?.activation.deploymentId;
  const candidateFirst =
    state.trial?.phase === 'solo' || (state.trial?.phase === 'comparing' && comparedEngine(state.trial.turn) === 'candidate');
  const order = candidateFirst ? [candidate, committed] : [committed, candidate];
  return order.filter((id): id is DeploymentId => id !== undefined && state.ready.has(id));
}

export type TrialVerdict =
  | { readonly verdict: 'continue' | 'solo' | 'commit'; readonly trial: Trial | null }
  | { readonly verdict: 'fail'; readonly trial: Trial; readonly findings: readonly HealthFinding[] };

/** Results over which delivered FPS of the engine that serves is taken, and how many it takes at least. */
const SERVED_RESULTS = 61;
const SERVED_AT_LEAST = 20;

/** Keeps the end time of a result of the engine that serves while nothing is checked. */
export function observeServing(state: MachineState, event: FrameEvent): MachineState {
  if (!event.ok || state.trial !== null || event.deploymentId !== state.record.committed?.deploymentId) return state;
  return { ...state, servedAt: [...state.servedAt, event.doneAt].slice(-SERVED_RESULTS) };
}

/** Delivered FPS by the median interval of the results, which a pause of the camera does not touch; null while too little was seen. */
export function servedFps(servedAt: readonly number[]): number | null {
  if (servedAt.length < SERVED_AT_LEAST) return null;
  const interval = quantile(
    servedAt.slice(1).map((doneAt, index) => doneAt - (servedAt[index] ?? doneAt)),
    0.5,
  );
  return interval > 0 ? 1000 / interval : null;
}

/** Adds a frame to the trial's figures and says what follows from them. */
export function observeFrame(state: MachineState, event: FrameEvent): TrialVerdict {
  const { candidate } = state.record;
  const { trial } = state;
  if (candidate === null || trial === null || trial.phase === 'warming') return { verdict: 'continue', trial };
  const isCandidate = event.deploymentId === candidate.activation.deploymentId;
  const counted = count(trial, event, isCandidate);
  const policy = candidate.activation.health;
  const errors = assessErrors(counted.errors, counted.frames, policy);
  if (!errors.held) return { verdict: 'fail', trial: counted, findings: [errors] };
  if (!event.ok || !event.planned) return { verdict: 'continue', trial: counted };
  return trial.phase === 'comparing' ? compare(state, counted, event, isCandidate) : serveAlone(state, counted, event, isCandidate);
}

function count(trial: Trial, event: FrameEvent, isCandidate: boolean): Trial {
  const droppedBefore = trial.droppedBefore ?? event.droppedTotal;
  const common: Trial = { ...trial, droppedBefore, dropped: event.droppedTotal - droppedBefore };
  if (!isCandidate) return common;
  return {
    ...common,
    frames: trial.frames + 1,
    errors: trial.errors + (event.ok ? 0 : 1),
    firstFrameAt: trial.firstFrameAt ?? event.takenAt,
  };
}

function compare(state: MachineState, trial: Trial, event: FrameEvent, isCandidate: boolean): TrialVerdict {
  const serviceMs = event.doneAt - event.takenAt;
  const next: Trial = {
    ...trial,
    progressAt: event.doneAt,
    turn: trial.turn + 1,
    previousMs: isCandidate ? trial.previousMs : [...trial.previousMs, serviceMs],
    candidateMs: isCandidate ? [...trial.candidateMs, serviceMs] : trial.candidateMs,
  };
  const activation = state.record.candidate?.activation;
  if (activation === undefined || !isComparisonLook(next.turn)) return { verdict: 'continue', trial: next };
  const { verdict, findings } = assessComparison(next.previousMs, next.candidateMs, activation.health);
  const compared: Trial = { ...next, compared: findings };
  if (verdict === 'continue') return { verdict, trial: compared };
  const accuracy = assessAccuracy(activation.dropPoints, activation.accuracyBudgetPoints);
  if (verdict === 'fail' || !accuracy.held) return { verdict: 'fail', trial: compared, findings: [] };
  return { verdict: 'solo', trial: compared };
}

function serveAlone(state: MachineState, trial: Trial, event: FrameEvent, isCandidate: boolean): TrialVerdict {
  const activation = state.record.candidate?.activation;
  if (!isCandidate || activation === undefined) return { verdict: 'continue', trial };
  const policy = activation.health;
  const soloDone = [...trial.soloDone, event.doneAt].slice(-policy.soloFrames);
  const droppedBeforeSolo = trial.droppedBeforeSolo ?? event.droppedTotal;
  const next: Trial = { ...trial, progressAt: event.doneAt, soloDone, soloDelivered: trial.soloDelivered + 1, droppedBeforeSolo };
  const seen = {
    delivered: next.soloDelivered,
    spanMs: (soloDone.at(-1) ?? 0) - (soloDone[0] ?? 0),
    requiredFps: state.requiredFps ?? 0,
    previousFps: state.record.candidate?.previousFps ?? null,
    dropped: event.droppedTotal - droppedBeforeSolo,
  };
  const { verdict, deliveredFps, findings } = assessSolo(seen, policy);
  const judged: Trial = { ...next, deliveredFps, compared: [...trial.compared.filter(({ code }) => code !== 'DeliveredFps'), ...findings] };
  if (verdict === 'continue') return { verdict, trial: judged };
  const accuracy = assessAccuracy(activation.dropPoints, activation.accuracyBudgetPoints);
  return verdict === 'pass' && accuracy.held ? { verdict: 'commit', trial: judged } : { verdict: 'fail', trial: judged, findings: [] };
}

/** The evidence of the trial so far; `ending` holds what ended it apart from the comparison and the solo window. */
export function trialReport(state: MachineState, trial: Trial, ending: readonly HealthFinding[], monotonic: number): HealthReport {
  const { candidate } = state.record;
  const activation = candidate?.activation;
  const known = new Set(ending.map(({ code }) => code));
  const others =
    activation === undefined || candidate === null
      ? []
      : [
          assessErrors(trial.errors, trial.frames, activation.health),
          assessAccuracy(activation.dropPoints, activation.accuracyBudgetPoints),
          assessAttempts(candidate.attempts, activation.health),
        ].filter(({ code }) => !known.has(code));
  return buildHealthReport({
    previous: trial.previousMs,
    candidate: trial.candidateMs,
    deliveredFps: trial.deliveredFps,
    requiredFps: state.requiredFps ?? 0,
    errors: trial.errors,
    framesDropped: trial.dropped,
    // What ended the check names it; a breach that was seen in passing does not.
    findings: ending.length > 0 ? [...ending, ...others] : [...trial.compared, ...others],
    durationMs: (candidate?.elapsedMs ?? 0) + monotonic - trial.since,
    rollbackMs: trial.firstFrameAt === null ? null : monotonic - trial.firstFrameAt,
  });
}

/** Frames that count in the check as it stands. */
export const judgedFrames = (trial: Trial): number => trial.previousMs.length + trial.candidateMs.length + trial.soloDelivered;

/** Frames of the phase done and wanted, for people who watch. */
export function trialProgress(state: MachineState): { readonly framesDone: number; readonly framesWanted: number } {
  const { trial } = state;
  const policy = state.record.candidate?.activation.health;
  if (trial === null || policy === undefined || trial.phase === 'warming')
    return { framesDone: 0, framesWanted: policy?.windowFrames ?? 0 };
  if (trial.phase === 'solo') {
    const wanted = trial.soloDelivered < policy.soloFrames ? policy.soloFrames : maxSoloFrames(policy);
    return { framesDone: trial.soloDelivered, framesWanted: wanted };
  }
  const done = Math.min(trial.previousMs.length, trial.candidateMs.length);
  return { framesDone: done, framesWanted: done < policy.windowFrames ? policy.windowFrames : policy.maxWindowFrames };
}
