import type { Verdict } from './assess-comparison.js';
import type { HealthFinding, HealthPolicy } from './health-policy.js';

/** What was seen while the new engine served alone. */
export interface SoloObservation {
  /** Results at the sink so far. */
  readonly delivered: number;
  /** From the first to the last of the newest `min(delivered, soloFrames)` results, ms of monotonic time. */
  readonly spanMs: number;
  readonly requiredFps: number;
  /** What the previous engine delivered before the check; null where there was none or too little was seen of it. */
  readonly previousFps: number | null;
  readonly dropped: number;
}

export interface SoloAssessment {
  readonly verdict: Verdict;
  readonly deliveredFps: number | null;
  readonly findings: readonly HealthFinding[];
}

/** Delivered FPS below this share of the rate it is held to fails at once; between it and that rate the window is extended. */
export const SOLO_FAILS_BELOW = 0.8;

/** Frames after which a solo window that was extended is decided. */
export const maxSoloFrames = (policy: HealthPolicy): number =>
  Math.round(policy.soloFrames * Math.max(1, policy.maxWindowFrames / policy.windowFrames));

/**
 * Judges delivered FPS: results per second at the sink over the newest `soloFrames` results. N results that span T have N − 1
 * intervals, and the camera's phase adds up to one more, so the rate is between (N − 1)/T and N/T; the check fails only when the
 * whole range is below the required rate. A rate that is short by less than a fifth extends the window as far as a comparison
 * may be extended, because a busy host costs either engine some frames. Where the previous engine itself was below the required
 * rate, the new one is held to what that one delivered: a line must not be put back to the slower of two engines. Where the policy
 * only reports a breach, the window is not extended and passes; the finding says what is broken.
 */
export function assessSolo(seen: SoloObservation, policy: HealthPolicy): SoloAssessment {
  const { delivered, spanMs, requiredFps, previousFps, dropped } = seen;
  if (policy.soloFrames < 2) return { verdict: 'pass', deliveredFps: null, findings: [] };
  if (delivered < policy.soloFrames) return { verdict: 'continue', deliveredFps: null, findings: [] };
  const results = Math.min(delivered, policy.soloFrames);
  const deliveredFps = spanMs > 0 ? ((results - 1) * 1000) / spanMs : Infinity;
  const highest = spanMs > 0 ? (results * 1000) / spanMs : Infinity;
  const bound = previousFps !== null && previousFps < requiredFps ? previousFps : requiredFps;
  const held = highest >= bound;
  const measured = Number.isFinite(deliveredFps) ? deliveredFps : requiredFps;
  const message =
    `the new engine alone delivered ${measured.toFixed(1)} FPS over ${String(results)} frames, the line needs ` +
    `${requiredFps.toFixed(1)} FPS${previousFps === null || bound === requiredFps ? '' : ` and had ${previousFps.toFixed(1)} FPS before`}; ${String(dropped)} camera frame${dropped === 1 ? ' was' : 's were'} dropped meanwhile`;
  const findings: HealthFinding[] = [{ code: 'DeliveredFps', held, measured, bound, unit: 'fps', message }];
  if (held || policy.onPerformanceBreach === 'report') return { verdict: 'pass', deliveredFps: measured, findings };
  const decided = highest < bound * SOLO_FAILS_BELOW || delivered >= maxSoloFrames(policy);
  return { verdict: decided ? 'fail' : 'continue', deliveredFps: measured, findings };
}
