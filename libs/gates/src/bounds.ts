import type { HealthFinding, HealthPolicy } from './health-policy.js';

/**
 * Share of the new engine's frames that ended in an error. The share is taken of at least `windowFrames` frames, so that one
 * error in the first ten frames of a window is not a rate of 10 %.
 */
export function assessErrors(errors: number, frames: number, policy: HealthPolicy): HealthFinding {
  const of = Math.max(frames, policy.windowFrames);
  const measured = errors / of;
  return {
    code: 'ErrorRate',
    held: measured <= policy.maxErrorRate,
    measured,
    bound: policy.maxErrorRate,
    unit: 'fraction',
    message: `${String(errors)} of ${String(frames)} frames of the new engine ended in an error (allowed ${percent(policy.maxErrorRate)} of ${String(of)})`,
  };
}

/** Drop of mAP@0.5:0.95 against FP32 as the build measured it on this box, against the release's budget, in points. */
export function assessAccuracy(dropPoints: number, budgetPoints: number): HealthFinding {
  return {
    code: 'Accuracy',
    held: dropPoints <= budgetPoints,
    measured: dropPoints,
    bound: budgetPoints,
    unit: 'points',
    message:
      dropPoints <= 0
        ? `the new engine is as accurate as FP32 on the golden set (${signed(-dropPoints)} points of mAP@0.5:0.95)`
        : `the new engine loses ${dropPoints.toFixed(2)} points of mAP@0.5:0.95 against FP32 on the golden set (allowed ${budgetPoints.toFixed(2)})`,
  };
}

/** Starts of the new engine: a crash, a hang or an unclean end of the runtime costs one. */
export function assessAttempts(attempts: number, policy: HealthPolicy): HealthFinding {
  return {
    code: 'Attempts',
    held: attempts <= policy.maxAttempts,
    measured: attempts,
    bound: policy.maxAttempts,
    unit: 'count',
    message:
      attempts <= policy.maxAttempts
        ? `the new engine was started ${times(attempts)} (allowed ${times(policy.maxAttempts)})`
        : `the new engine ended or hung before its check was done ${times(attempts - 1)}; it may be started ${times(policy.maxAttempts)}`,
  };
}

/** Time without progress of the check, ms of monotonic time while the runtime ran. */
export function assessDeadline(idleMs: number, policy: HealthPolicy): HealthFinding {
  return {
    code: 'Deadline',
    held: idleMs <= policy.deadlineMs,
    measured: idleMs,
    bound: policy.deadlineMs,
    unit: 'ms',
    message: `the check waited ${seconds(idleMs)} for the new engine to be ready (allowed ${seconds(policy.deadlineMs)})`,
  };
}

/** The check ended without a word on the new engine. `what` it lacked is a sentence's rest with its numbers. */
export const notMeasured = (what: string, judged: number): HealthFinding => ({
  code: 'NotMeasured',
  held: false,
  measured: judged,
  bound: judged + 1,
  unit: 'count',
  message: `the new engine could not be measured: ${what}`,
});

/** No frame was judged for longer than the policy allows, and not for want of the new engine. */
export const noFrames = (idleMs: number, judged: number, policy: HealthPolicy): HealthFinding =>
  notMeasured(`no frame was judged for ${seconds(idleMs)} (allowed ${seconds(policy.deadlineMs)}), ${String(judged)} before that`, judged);

const percent = (fraction: number): string => `${String(Number((fraction * 100).toFixed(2)))} %`;
const signed = (value: number): string => `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const times = (count: number): string => (count === 1 ? 'once' : `${String(count)} times`);
