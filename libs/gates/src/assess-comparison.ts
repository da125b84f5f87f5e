import type { HealthFinding, HealthPolicy } from './health-policy.js';
import { quantile, quantileOfSorted } from './quantile.js';
import { quantileRatios } from './quantile-ratio.js';

/** How a comparison is laid out; the same numbers must be used by whoever alternates the frames. */
export const COMPARISON = {
  /** Frames one engine serves before the other takes over. */
  blockFrames: 5,
  /** Frames of both engines together between two looks at the figures: one round of {@link comparedEngine}. */
  lookEvery: 20,
  /** Frames of each engine before a large breach may end the check. */
  earliestFrames: 30,
  /** A large breach: the median ratio that is shown to be above this. */
  largeRatio: 1.4,
  /** Frames of each engine (12 pairs of blocks) before a bound of the bootstrap may decide; fewer pairs make it too sure. */
  shownFrames: 60,
  /** Share of bootstrap ratios that must lie above a bound for the breach to be shown. */
  shownConfidence: 0.995,
  largeConfidence: 0.999,
  /** As shownConfidence, for breaches of p50 and p95 once the window cannot be extended any more. */
  finalMedianConfidence: 0.8,
  finalTailConfidence: 0.95,
  resamples: 1000,
} as const;

export type Verdict = 'continue' | 'pass' | 'fail';

export interface Comparison {
  readonly verdict: Verdict;
  readonly findings: readonly HealthFinding[];
}

const METRICS = [
  { code: 'ServiceTimeP50', p: 0.5, name: 'p50', finalConfidence: COMPARISON.finalMedianConfidence },
  { code: 'ServiceTimeP95', p: 0.95, name: 'p95', finalConfidence: COMPARISON.finalTailConfidence },
] as const;

/**
 * Which engine serves frame `index` (from 0) of a comparison: blocks in the order previous, candidate, candidate, previous, so
 * that neither a steady drift of the host nor a rhythm of two blocks favours one side.
 */
export function comparedEngine(index: number): 'previous' | 'candidate' {
  const turn = Math.floor(index / COMPARISON.blockFrames) % 4;
  return turn === 0 || turn === 3 ? 'previous' : 'candidate';
}

/** Whether the figures are to be looked at after `served` frames of both engines together: after each whole round. */
export const isComparisonLook = (served: number): boolean => served > 0 && served % COMPARISON.lookEvery === 0;

/**
 * Compares service times (ms, in the order served by {@link comparedEngine}) of two engines that took turns.
 *
 * A breach is a candidate quantile more than `maxServiceTimeIncrease` above the previous engine's.
 * - Before `windowFrames` frames each, only a large breach of the median, shown with 99.9 % confidence, fails.
 * - From then on a breach that is shown with 99.5 % confidence by at least 60 frames each fails.
 * - At `windowFrames`, at twice, four times as many and so on, no breach passes. Not at every look, or chance would sooner or
 *   later let a slow engine through. A breach that is seen but not shown asks for more frames.
 * - At `maxWindowFrames` the point estimate decides, as long as 80 % of the bootstrap carry a breach of p50, and 95 % one of p95,
 *   whose estimate from a few hundred frames rests on some twenty of them. Without that, equal engines on a busy host would be
 *   rolled back in several checks of a hundred.
 */
export function assessComparison(previous: readonly number[], candidate: readonly number[], policy: HealthPolicy, seed = 1): Comparison {
  const frames = Math.min(previous.length, candidate.length);
  const bound = 1 + policy.maxServiceTimeIncrease;
  if (frames < Math.min(COMPARISON.earliestFrames, policy.windowFrames)) return { verdict: 'continue', findings: [] };
  if (frames < policy.windowFrames) {
    const large = Math.max(COMPARISON.largeRatio, bound);
    const shown =
      medianRatio(previous, candidate) > large && lowerBound(previous, candidate, 0.5, COMPARISON.largeConfidence, seed) > large;
    return shown ? { verdict: 'fail', findings: findingsOf(previous, candidate, bound) } : { verdict: 'continue', findings: [] };
  }
  const findings = findingsOf(previous, candidate, bound);
  const breached = METRICS.filter((_, index) => findings[index]?.held === false);
  if (breached.length === 0) return { verdict: mayPass(frames, policy) ? 'pass' : 'continue', findings };
  const isLast = frames >= policy.maxWindowFrames;
  const fails = breached.some(({ p, finalConfidence }) => {
    const confidence = isLast ? finalConfidence : COMPARISON.shownConfidence;
    if (isLast && frames < COMPARISON.shownFrames) return true;
    return frames >= COMPARISON.shownFrames && lowerBound(previous, candidate, p, confidence, seed) > bound;
  });
  if (fails) return { verdict: 'fail', findings };
  return isLast ? { verdict: 'pass', findings: findings.map(asNotShown) } : { verdict: 'continue', findings };
}

function mayPass(frames: number, policy: HealthPolicy): boolean {
  if (frames >= policy.maxWindowFrames) return true;
  let window = policy.windowFrames;
  while (window * 2 <= frames) window *= 2;
  return frames < window + COMPARISON.lookEvery / 2;
}

/** A bound that is only exceeded by chance is kept; the sentence says so. */
const asNotShown = (finding: HealthFinding): HealthFinding =>
  finding.held ? finding : { ...finding, held: true, message: `${finding.message}; not shown to be more than noise` };

const medianRatio = (previous: readonly number[], candidate: readonly number[]): number =>
  quantile(candidate, 0.5) / quantile(previous, 0.5);

function lowerBound(previous: readonly number[], candidate: readonly number[], p: number, confidence: number, seed: number): number {
  const { blockFrames, resamples } = COMPARISON;
  return quantileOfSorted(quantileRatios({ previous, candidate, p, blockFrames, resamples, seed }), 1 - confidence);
}

function findingsOf(previous: readonly number[], candidate: readonly number[], ratioBound: number): HealthFinding[] {
  return METRICS.map(({ code, p, name }) => {
    const before = quantile(previous, p);
    const measured = quantile(candidate, p);
    const bound = before * ratioBound;
    const held = measured <= bound;
    const change = before > 0 ? (measured / before - 1) * 100 : 0;
    const message =
      `service-time ${name} of the new engine is ${measured.toFixed(1)} ms against ${before.toFixed(1)} ms of the previous one ` +
      `(${change >= 0 ? '+' : ''}${change.toFixed(0)} %, allowed +${((ratioBound - 1) * 100).toFixed(0)} %) over ` +
      `${String(candidate.length)} and ${String(previous.length)} frames`;
    return { code, held, measured, bound, unit: 'ms', message };
  });
}
