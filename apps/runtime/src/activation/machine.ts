import type { Activation } from '@takt/contracts';
import { assessAttempts, assessDeadline, decidingBound, noFrames, notMeasured } from '@takt/gates';
import type { TaktErrorData } from '@takt/kernel';
import { committedAs } from './committed-as.js';
import { giveUpCandidate } from './give-up.js';
import type { GiveUp } from './give-up.js';
import type { Command, MachineEvent, MachineState, Moment, Step, Trial } from './machine-types.js';
import { lastOutcome, withOutcome } from './record.js';
import type { ActivationRecord, CandidateRecord } from './record.js';
import { hasBaseline, judgedFrames, newTrial, observeFrame, observeServing, servedFps, trialReport } from './trial.js';
import type { TrialVerdict } from './trial.js';

/** Reasons of ends that speak of the artifact's file on this node and not of the release. */
const FILE_DAMAGED: ReadonlySet<string> = new Set(['ArtifactDigestMismatch', 'ArtifactMissing']);

export const initialState = (record: ActivationRecord): MachineState => ({
  record,
  requiredFps: null,
  ready: new Set(),
  refused: new Set(),
  trial: null,
  servedAt: [],
});

/**
 * The activation of engines as a pure function: no IO, no clock. It survives the loss of everything but `record`.
 *
 * Invariants: at most one candidate; the committed engine stays loaded until a candidate is committed; a record is persisted
 * before an engine starts or ends because of it.
 */
export function step(state: MachineState, event: MachineEvent, now: Moment): Step {
  switch (event.type) {
    case 'boot':
      return boot(state, now);
    case 'line':
      return advance(assigned(state, event), now);
    case 'activate':
      return activate(state, event.activation, now);
    case 'rollback':
      return rollBack(state, now);
    case 'engine-ready':
      return advance({ ...state, ready: new Set([...state.ready, event.deploymentId]) }, now);
    case 'engine-refused':
      return refused(state, event, now);
    case 'engine-lost':
      return lost(state, event, now);
    case 'frame':
      return observe(observeServing(state, event), observeFrame(state, event), now);
    case 'tick':
      return checkDeadline(state, now);
    case 'stop':
      return stopped(state, now);
  }
}

/** Other pictures take other time: what was measured on those of another camera is void. */
function assigned(state: MachineState, event: Extract<MachineEvent, { type: 'line' }>): MachineState {
  const trial = state.trial !== null && event.newSource ? restarted(state.trial) : state.trial;
  return { ...state, trial, requiredFps: event.requiredFps, servedAt: event.newSource ? [] : state.servedAt };
}

function boot(state: MachineState, now: Moment): Step {
  const { committed, candidate } = state.record;
  const begun: MachineState = { ...state, trial: candidate === null ? null : newTrial(now.monotonic) };
  const commands: Command[] = committed === null ? [] : [{ type: 'start', activation: committed, after: 'now' }];
  return followedBy({ state: begun, commands }, (next) => advance(next, now));
}

/** Moves the candidate on as far as the engines that are ready allow. */
function advance(state: MachineState, now: Moment): Step {
  const { candidate, committed } = state.record;
  const { trial } = state;
  if (candidate === null || trial === null) return { state, commands: [] };
  const baseline = hasBaseline(state);
  const committedReady = committed !== null && state.ready.has(committed.deploymentId);
  if (!trial.started) {
    if (baseline && !committedReady) return { state, commands: [] };
    const record: ActivationRecord = { ...state.record, candidate: { ...candidate, running: true, phase: 'warming' } };
    return {
      state: { ...state, record, trial: { ...trial, started: true } },
      commands: [
        { type: 'persist', record },
        { type: 'start', activation: candidate.activation, after: 'now' },
      ],
    };
  }
  if (trial.phase !== 'warming' || !state.ready.has(candidate.activation.deploymentId)) return { state, commands: [] };
  if (candidate.kind === 'return') return commit(state, trial, now);
  if (state.requiredFps === null || (baseline && !committedReady)) return { state, commands: [] };
  return enter(state, candidate, trial, baseline ? 'comparing' : 'solo', now);
}

function enter(state: MachineState, candidate: CandidateRecord, trial: Trial, phase: 'comparing' | 'solo', now: Moment): Step {
  const record: ActivationRecord = { ...state.record, candidate: { ...candidate, phase, served: true } };
  const next: MachineState = { ...state, record, trial: { ...trial, phase, progressAt: now.monotonic } };
  const persist: Step = { state: next, commands: [{ type: 'persist', record }] };
  // A policy may ask for no solo frames at all.
  return phase === 'solo' && candidate.activation.health.soloFrames < 2
    ? followedBy(persist, (entered) => commit(entered, { ...trial, phase }, now))
    : persist;
}

function observe(state: MachineState, seen: TrialVerdict, now: Moment): Step {
  const { candidate } = state.record;
  if (seen.trial === null || candidate === null) return { state, commands: [] };
  const next: MachineState = { ...state, trial: seen.trial };
  switch (seen.verdict) {
    case 'continue':
      return { state: next, commands: [] };
    case 'solo':
      return enter(next, candidate, seen.trial, 'solo', now);
    case 'commit':
      return commit(next, seen.trial, now);
    case 'fail':
      return giveUp(next, { by: 'health', report: trialReport(next, seen.trial, seen.findings, now.monotonic) }, now);
  }
}

function commit(state: MachineState, trial: Trial, now: Moment): Step {
  const { committed, candidate } = state.record;
  if (candidate === null) return { state, commands: [] };
  const { activation, kind } = candidate;
  const report = kind === 'return' ? null : trialReport(state, trial, [], now.monotonic);
  // A policy without a solo window comes here straight from the comparison, or from nothing at all.
  if (report !== null && decidingBound(report, activation.health) !== undefined) return giveUp(state, { by: 'health', report }, now);
  const ended = withOutcome(
    { ...state.record, committed: activation, previous: kind === 'return' ? null : committed, candidate: null },
    { deploymentId: activation.deploymentId, outcome: 'committed', at: now.wall, ...committedAs(activation, report) },
  );
  const end: Command[] = committed === null ? [] : [{ type: 'end', deploymentId: committed.deploymentId }];
  return {
    state: forget({ ...state, record: ended, trial: null, servedAt: [] }, committed),
    commands: [{ type: 'persist', record: ended }, ...end],
  };
}

function giveUp(state: MachineState, why: GiveUp, now: Moment): Step {
  const { candidate } = state.record;
  if (candidate === null) return { state, commands: [] };
  const record = giveUpCandidate(state.record, why, now.wall);
  const { committed } = record;
  // A committed engine that could not be loaded was left alone while the candidate might have taken its place.
  const again: Command[] =
    committed !== null && state.refused.has(committed.deploymentId) ? [{ type: 'start', activation: committed, after: 'refusal' }] : [];
  return {
    state: forget({ ...state, record, trial: null }, candidate.activation),
    commands: [{ type: 'persist', record }, { type: 'end', deploymentId: candidate.activation.deploymentId }, ...again],
  };
}

/** The same deployment again is no new activation; another one while a check runs takes its place. */
function activate(state: MachineState, activation: Activation, now: Moment): Step {
  const { record } = state;
  const { deploymentId } = activation;
  if (isSettled(record, deploymentId)) return { state, commands: [] };
  if (record.committed?.deploymentId === deploymentId) return replaceDamaged(state, record.committed, activation, now);
  const returns = lastOutcome(record, deploymentId)?.outcome === 'committed' || revertsToKnown(record, activation);
  const message = `Release ${activation.releaseName} took the place of ${record.candidate?.activation.releaseName ?? ''} before its check was done.`;
  return followedBy(giveUp(state, { by: 'request', reason: 'Superseded', message }, now), (free) =>
    begin(free, activation, returns ? 'return' : 'check', now),
  );
}

/** The committed engine's file was damaged and nothing could take over: the deployment comes again with a whole file, perhaps another. */
function replaceDamaged(state: MachineState, damaged: Activation, activation: Activation, now: Moment): Step {
  const free: Step = {
    state: forget({ ...state, record: { ...state.record, committed: null } }, damaged),
    commands: [{ type: 'end', deploymentId: damaged.deploymentId }],
  };
  const kind = isSameEngine(damaged.plan, activation.plan) ? 'return' : 'check';
  return followedBy(free, (next) => begin(next, activation, kind, now));
}

/**
 * Whether a deployment that takes another back names the engine that serves, or the one before it, though under a new id. One whose
 * build was lost and made anew may be another file; it is checked like any other.
 */
const revertsToKnown = ({ committed, previous }: ActivationRecord, { revert, plan }: Activation): boolean =>
  revert === true && [committed, previous].some((known) => known !== null && isSameEngine(known.plan, plan));

const isSameEngine = (a: Activation['plan'], b: Activation['plan']): boolean =>
  a.engine === b.engine && a.artifact === b.artifact && a.threads.intraOp === b.threads.intraOp && a.threads.spin === b.threads.spin;

/** Whether activating the deployment would change nothing: it serves, is being checked, or was given up here before. */
export function isSettled(record: ActivationRecord, deploymentId: string): boolean {
  if (record.candidate !== null) return record.candidate.activation.deploymentId === deploymentId;
  if (endedByDamage(record, deploymentId)) return false;
  if (record.committed?.deploymentId === deploymentId) return true;
  const last = lastOutcome(record, deploymentId);
  return last !== undefined && last.outcome !== 'committed';
}

/** Whether the file of the deployment's engine was found damaged last: then it may be offered again, with a file that is whole. */
const endedByDamage = (record: ActivationRecord, deploymentId: string): boolean =>
  FILE_DAMAGED.has(lastOutcome(record, deploymentId)?.reason ?? '');

function begin(state: MachineState, activation: Activation, kind: CandidateRecord['kind'], now: Moment): Step {
  const record: ActivationRecord = {
    ...state.record,
    candidate: {
      activation,
      kind,
      attempts: 1,
      running: false,
      phase: 'warming',
      served: false,
      elapsedMs: 0,
      idleMs: 0,
      hostLosses: 0,
      previousFps: servedFps(state.servedAt),
    },
  };
  return followedBy({ state: { ...state, record, trial: newTrial(now.monotonic) }, commands: [{ type: 'persist', record }] }, (next) =>
    advance(next, now),
  );
}

export const canRollBack = (record: ActivationRecord): boolean =>
  record.committed !== null && (record.candidate !== null || record.previous !== null);

function rollBack(state: MachineState, now: Moment): Step {
  const { committed, previous, candidate } = state.record;
  if (!canRollBack(state.record) || committed === null) return { state, commands: [] };
  if (candidate !== null) {
    const message = `An operator on this node ended the check; release ${committed.releaseName} goes on serving.`;
    return giveUp(state, { by: 'request', reason: 'OperatorRollback', message }, now);
  }
  if (previous === null) return { state, commands: [] };
  return returnTo(
    state,
    committed,
    previous,
    { reason: 'OperatorRollback', message: `An operator on this node put release ${previous.releaseName} back.`, error: null },
    now,
  );
}

function returnTo(
  state: MachineState,
  from: Activation,
  to: Activation,
  why: { reason: string; message: string; error: TaktErrorData | null },
  now: Moment,
): Step {
  const record = withOutcome(state.record, { deploymentId: from.deploymentId, outcome: 'rolled-back', health: null, at: now.wall, ...why });
  return begin({ ...state, record }, to, 'return', now);
}

function refused(state: MachineState, event: Extract<MachineEvent, { type: 'engine-refused' }>, now: Moment): Step {
  const { committed, previous, candidate } = state.record;
  const { deploymentId, error } = event;
  const next = { ...state, ready: without(state.ready, deploymentId), refused: new Set([...state.refused, deploymentId]) };
  if (candidate?.activation.deploymentId === deploymentId) return giveUp(next, { by: 'error', error }, now);
  if (committed?.deploymentId !== deploymentId) return { state: next, commands: [] };
  if (candidate !== null) return advance(next, now);
  if (previous !== null && !next.refused.has(previous.deploymentId)) {
    const message = `Release ${committed.releaseName} cannot be loaded any more (${error.message}); release ${previous.releaseName} takes over.`;
    return returnTo(next, committed, previous, { reason: error.code, message, error }, now);
  }
  const again: Command = { type: 'start', activation: committed, after: 'refusal' };
  // Reported once, so that the agent builds the file again. The file is tried meanwhile, for the case that it is put right.
  if (!FILE_DAMAGED.has(error.code) || endedByDamage(next.record, deploymentId)) return { state: next, commands: [again] };
  const message = `Release ${committed.releaseName} cannot be loaded any more (${error.message}) and there is no engine to take over.`;
  const outcome = { deploymentId, outcome: 'rolled-back' as const, health: null, at: now.wall, reason: error.code, message, error };
  const record = withOutcome(next.record, outcome);
  return { state: { ...next, record }, commands: [{ type: 'persist', record }, again] };
}

function lost(state: MachineState, event: Extract<MachineEvent, { type: 'engine-lost' }>, now: Moment): Step {
  const { committed, candidate } = state.record;
  const next = { ...state, ready: without(state.ready, event.deploymentId) };
  if (committed?.deploymentId === event.deploymentId) {
    const start: Step = { state: next, commands: [{ type: 'start', activation: committed, after: 'crash' }] };
    return state.trial === null ? start : followedBy(start, (started) => baselineLost(started, state.trial, now));
  }
  if (candidate?.activation.deploymentId !== event.deploymentId || state.trial === null) return { state: next, commands: [] };
  const attempts = candidate.attempts + 1;
  const record: ActivationRecord = {
    ...state.record,
    candidate: { ...candidate, attempts, hostLosses: candidate.hostLosses + 1, phase: 'warming' },
  };
  const finding = assessAttempts(attempts, candidate.activation.health);
  if (!finding.held) return giveUp(next, { by: 'health', report: trialReport(next, state.trial, [finding], now.monotonic) }, now);
  return {
    state: { ...next, record, trial: restarted(state.trial) },
    commands: [
      { type: 'persist', record },
      { type: 'start', activation: candidate.activation, after: 'crash' },
    ],
  };
}

/**
 * What was measured against the lost process is void; the candidate stays warm and is compared with the new one, as often as an
 * engine may be started. A check against an engine that keeps ending would have no end.
 */
function baselineLost(state: MachineState, trial: Trial | null, now: Moment): Step {
  const { candidate } = state.record;
  if (trial === null || candidate === null) return { state, commands: [] };
  const baselineLosses = trial.baselineLosses + 1;
  const next: MachineState = { ...state, trial: { ...restarted(trial), baselineLosses } };
  if (baselineLosses <= candidate.activation.health.maxAttempts) return { state: next, commands: [] };
  const finding = notMeasured(`the previous engine ended or hung ${String(baselineLosses)} times during the check`, judgedFrames(trial));
  return giveUp(next, { by: 'health', report: trialReport(state, trial, [finding], now.monotonic) }, now);
}

const restarted = (trial: Trial): Trial => ({
  ...newTrial(trial.since),
  progressAt: trial.progressAt,
  baselineLosses: trial.baselineLosses,
  started: trial.started,
  firstFrameAt: trial.firstFrameAt,
});

/** Time without progress, ms: of this run, and of the last one as long as this one has made none. */
const idleMs = (candidate: CandidateRecord, trial: Trial, now: Moment): number =>
  (trial.progressAt > trial.since ? 0 : candidate.idleMs) + now.monotonic - trial.progressAt;

/** The engine is to blame only where it was asked for and is not ready; a camera that shows nothing is not its fault. */
function checkDeadline(state: MachineState, now: Moment): Step {
  const { candidate } = state.record;
  const { trial } = state;
  if (candidate === null || trial === null) return { state, commands: [] };
  const { health, deploymentId } = candidate.activation;
  const idle = idleMs(candidate, trial, now);
  const deadline = assessDeadline(idle, health);
  if (deadline.held) return { state, commands: [] };
  const isLate = trial.started && !state.ready.has(deploymentId);
  const finding = isLate ? deadline : noFrames(idle, judgedFrames(trial), health);
  return giveUp(state, { by: 'health', report: trialReport(state, trial, [finding], now.monotonic) }, now);
}

function stopped(state: MachineState, now: Moment): Step {
  const { candidate } = state.record;
  if (candidate === null || state.trial === null) return { state, commands: [] };
  const elapsedMs = candidate.elapsedMs + now.monotonic - state.trial.since;
  const idle = idleMs(candidate, state.trial, now);
  const record: ActivationRecord = {
    ...state.record,
    candidate: { ...candidate, running: false, phase: 'warming', elapsedMs, idleMs: idle },
  };
  return { state: { ...state, record, trial: null }, commands: [{ type: 'persist', record }] };
}

const without = <T>(set: ReadonlySet<T>, item: T): ReadonlySet<T> => new Set([...set].filter((member) => member !== item));

const forget = (state: MachineState, gone: Activation | null): MachineState =>
  gone === null ? state : { ...state, ready: without(state.ready, gone.deploymentId), refused: without(state.refused, gone.deploymentId) };

function followedBy(first: Step, then: (state: MachineState) => Step): Step {
  const second = then(first.state);
  return { state: second.state, commands: [...first.commands, ...second.commands] };
}
