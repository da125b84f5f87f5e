import type { DeploymentId, Sha256 } from '@takt/kernel';
import type { Wanted, WantedCalibration, WantedSlot } from './desired.js';
import { calibrationKeyOf } from './keys.js';
import type { LocalState } from './local-state.js';
import { planDeployment } from './plan-deployment.js';
import { planInputs, sourceInputsOf, waitFor } from './plan-inputs.js';
import { isEnded, isJobEnded, stageRank } from './progress.js';
import type { Step } from './step.js';

/** Times a calibration may fail for a passing reason before its job fails. */
const CALIBRATION_ATTEMPTS = 3;

/**
 * Steps that bring this node closer to what is wanted, in order; empty when nothing is left to do. Pure: equal arguments
 * give equal plans, so a restarted agent continues where the disk says it stands.
 *
 * @param now wall-clock ms, only compared with the retry times of failures
 */
export function planSteps(wanted: Wanted, local: LocalState, now: number, sha256: Sha256): Step[] {
  const steps = [
    ...leftBehind(wanted, local),
    ...wanted.slots.flatMap((slot) => planLine(slot, local, now)),
    ...wanted.jobs.flatMap((job) => planCalibration(job, local, now, sha256)),
    ...wanted.slots.flatMap((slot) => (slot.deployment === null ? [] : planDeployment(slot, slot.deployment, local, now, sha256))),
  ];
  const seen = new Set<string>();
  return steps.filter((step) => !seen.has(step.key) && seen.add(step.key));
}

/** Deployments that were open and are wanted no more. */
function leftBehind(wanted: Wanted, local: LocalState): Step[] {
  const present = new Set<DeploymentId>(wanted.slots.flatMap((slot) => (slot.deployment === null ? [] : [slot.deployment.deploymentId])));
  return [...local.deployments].flatMap(([deploymentId, record]): Step[] => {
    if (isEnded(record.state) || present.has(deploymentId)) return [];
    const successor = wanted.slots.find((slot) => slot.slotId === record.slotId)?.deployment;
    const replaced =
      successor !== undefined && successor !== null && !isEnded(local.deployments.get(successor.deploymentId)?.state ?? 'pending');
    // From activation on a deployment can only be superseded: the runtime may already serve it.
    const state = replaced || stageRank(record.state) >= stageRank('activating') ? 'superseded' : 'cancelled';
    const message = replaced ? `deployment ${successor.deploymentId} took its place` : 'it is not wanted any more';
    const reason = state === 'superseded' ? 'Superseded' : 'Cancelled';
    return [
      {
        kind: 'report-deployment',
        key: `report:${deploymentId}:${state}`,
        deploymentId,
        slotId: record.slotId,
        state,
        reason,
        message,
        outcomeOf: null,
        error: null,
      },
    ];
  });
}

/** The line's camera folder and configuration. A line whose runtime does not answer is left as it is. */
function planLine(slot: WantedSlot, local: LocalState, now: number): Step[] {
  const runtime = local.runtimes.get(slot.line.slug);
  if (runtime?.lineAssigned === true) return [];
  // A line has no state "failed": its source is tried for as long as the line is wanted.
  const inputs = planInputs(sourceInputsOf(slot.line), local, now, false);
  if (!inputs.ready || runtime === undefined) return [...inputs.steps];
  const step: Step = { kind: 'assign-line', key: `assign:${slot.line.slug}`, slot };
  const failure = local.failures.get(step.key);
  return [failure !== undefined && failure.retryAt > now ? waitFor(step.key, failure) : step];
}

function planCalibration(job: WantedCalibration, local: LocalState, now: number, sha256: Sha256): Step[] {
  const state = local.jobs.get(job.jobId) ?? 'queued';
  if (isJobEnded(state)) return [];
  const calibrationKey = calibrationKeyOf(job, sha256);
  const report = (to: 'running' | 'failed', error: Extract<Step, { kind: 'report-job' }>['error']): Step => ({
    kind: 'report-job',
    key: `report:${job.jobId}:${to}`,
    jobId: job.jobId,
    jobKind: 'calibrate',
    state: to,
    buildKey: null,
    reused: false,
    error,
  });
  const offer = (step: Step): Step[] => {
    const failure = local.failures.get(step.key);
    if (failure === undefined) return [step];
    const ended = !failure.error.retryable || (step.kind === 'calibrate' && failure.count >= CALIBRATION_ATTEMPTS);
    if (ended) return [report('failed', failure.error)];
    return [failure.retryAt > now ? waitFor(step.key, failure) : step];
  };
  if (local.calibrations.has(calibrationKey)) {
    return offer({ kind: 'finish-calibration', key: `finish-calibration:${job.jobId}`, calibrationKey, jobId: job.jobId });
  }
  const inputs = planInputs({ files: [job.model], datasets: [job.calibration] }, local, now);
  if (inputs.hopeless !== undefined) return [report('failed', inputs.hopeless.error)];
  if (!inputs.ready) return [...inputs.steps];
  const begin = state === 'queued' ? [report('running', null)] : [];
  return [...begin, ...offer({ kind: 'calibrate', key: `calibrate:${calibrationKey}`, calibrationKey, job })];
}
