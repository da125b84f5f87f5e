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
  /** Median ratio up to which a breach of p95 stands alone and needs shownConfidence at the end, too. */
  tailAloneRatio: 1.05,
  /** Difference of a quantile, ms, that cannot matter: what timers and a pipe between two processes blur. */
  noiseFloorMs: 0.5,
  resamples: 1000,
} as const;

export type Verdict = 'continue' | 'pass' | 'fail';

export interface Comparison {
  readonly verdict: Verdict;
  readonly findings: readonly HealthFinding[];
}

const METRICS = [
  { code: 'ServiceTimeP50', p: 0.5, name: 'p50' },
  { code: 'ServiceTimeP95', p: 0.95, name: 'p95' },
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
 * A breach is a candidate quantile more than `maxServiceTimeIncrease`, and more than `noiseFloorMs`, above the previous engine's.
 * What only one part of the window saw is the host's doing: a breach counts if the earlier and the later half of the window show
 * it as well. Waits for a processor add to some frames, an engine's work adds to all of them: a breach of p50 fails before the last
 * look only where the lower quartile breaches, too.
 * - Before `windowFrames` frames each, only a large breach of the median, shown with 99.9 % confidence, fails; with fewer than 60
 *   frames only where the previous engine is steady (see below).
 * - From then on a breach that is shown with 99.5 % confidence by at least 60 frames each fails.
 * - At `windowFrames`, at twice, four times as many and so on, no breach passes. Not at every look, or chance would sooner or
 *   later let a slow engine through. A breach that is seen but not shown asks for more frames.
 * - At `maxWindowFrames` the point estimate decides, as long as 80 % of the bootstrap carry a breach of p50, and 95 % one of p95
 *   (99.5 % where the medians are within 5 %), whose estimate from a few hundred frames rests on some twenty of them.
 * - Where the two halves of either engine's own window breach against each other, the host is too noisy to tell: until the end only
 *   a large breach fails, and at the end only one of p50 that is shown with 99.5 % confidence.
 * - Where the policy only reports a breach, the window ends at `windowFrames`, neither earlier nor later, and passes: the findings
 *   say what is broken, by the rules of a last look.
 */
export function assessComparison(previous: readonly number[], candidate: readonly number[], policy: HealthPolicy, seed = 1): Comparison {
  const frames = Math.min(previous.length, candidate.length);
  const reports = policy.onPerformanceBreach === 'report';
  const earliest = reports ? policy.windowFrames : Math.min(COMPARISON.earliestFrames, policy.windowFrames);
  if (frames < earliest) return { verdict: 'continue', findings: [] };
  const samples: Samples = { previous, candidate, seed };
  const bound = 1 + policy.maxServiceTimeIncrease;
  const mayBeLarge = frames >= COMPARISON.shownFrames || isSteady(previous, 0.5, bound);
  const isLarge =
    mayBeLarge && isWhole(samples, bound) && isShown(samples, 0.5, Math.max(COMPARISON.largeRatio, bound), COMPARISON.largeConfidence);
  if (frames < policy.windowFrames) {
    return isLarge ? { verdict: 'fail', findings: findingsOf(samples, bound) } : { verdict: 'continue', findings: [] };
  }
  const findings = findingsOf(samples, bound);
  const breached = METRICS.filter((_, index) => findings[index]?.held === false);
  const isLast = reports || frames >= policy.maxWindowFrames;
  if (breached.length === 0) return { verdict: isLast || mayPass(frames, policy) ? 'pass' : 'continue', findings };
  const fails = isLarge || breached.some(({ p }) => isBroken(samples, p, bound, isLast));
  if (fails) return { verdict: reports ? 'pass' : 'fail', findings };
  return isLast ? { verdict: 'pass', findings: findings.map(asNotShown) } : { verdict: 'continue', findings };
}

interface Samples {
  readonly previous: readonly number[];
  readonly candidate: readonly number[];
  readonly seed: number;
}

/** Whether the evidence is enough to throw the engine out for its quantile `p`, of which a breach is seen. */
function isBroken(samples: Samples, p: number, bound: number, isLast: boolean): boolean {
  const { previous, candidate } = samples;
  const frames = Math.min(previous.length, candidate.length);
  if (frames < COMPARISON.shownFrames) return isLast && isReplicated(samples, p, bound);
  const tooNoisy = !isSteady(previous, p, bound) || !isSteady(candidate, p, bound);
  if (tooNoisy && (p !== 0.5 || !isLast)) return false;
  if (!isLast && p === 0.5 && !isWhole(samples, bound)) return false;
  if (!isLast || tooNoisy) return isShown(samples, p, bound, COMPARISON.shownConfidence);
  if (p === 0.5) return isShown(samples, p, bound, COMPARISON.finalMedianConfidence);
  const isAlone = ratioOf(previous, candidate, 0.5) <= COMPARISON.tailAloneRatio;
  return isShown(samples, p, bound, isAlone ? COMPARISON.shownConfidence : COMPARISON.finalTailConfidence);
}

/** Whether a ratio of the quantiles above `bound` is in both halves of the window, and in that share of the bootstrap. */
const isShown = (samples: Samples, p: number, bound: number, confidence: number): boolean =>
  isReplicated(samples, p, bound) && lowerBound(samples, p, confidence) > bound;

const isReplicated = ({ previous, candidate }: Samples, p: number, bound: number): boolean =>
  [previous, candidate].every((values) => values.length >= 2) &&
  [0, 1].every((half) => ratioOf(halfOf(previous, half), halfOf(candidate, half), p) > bound);

/** Whether the quicker frames are slower, too: waits for a processor add to some frames, an engine's work to all. */
const isWhole = (samples: Samples, bound: number): boolean => isReplicated(samples, 0.25, bound);

/** Whether an engine's own earlier and later half are within the bound of each other. */
function isSteady(values: readonly number[], p: number, bound: number): boolean {
  const ratio = ratioOf(halfOf(values, 0), halfOf(values, 1), p);
  return ratio <= bound && ratio >= 1 / bound;
}

function halfOf(values: readonly number[], half: number): readonly number[] {
  const middle = Math.floor(values.length / 2);
  return half === 0 ? values.slice(0, middle) : values.slice(middle);
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

const ratioOf = (previous: readonly number[], candidate: readonly number[], p: number): number =>
  quantile(candidate, p) / quantile(previous, p);

function lowerBound({ previous, candidate, seed }: Samples, p: number, confidence: number): number {
  const { blockFrames, resamples } = COMPARISON;
  return quantileOfSorted(quantileRatios({ previous, candidate, p, blockFrames, resamples, seed }), 1 - confidence);
}

function findingsOf({ previous, candidate }: Samples, ratioBound: number): HealthFinding[] {
  return METRICS.map(({ code, p, name }) => {
    const before = quantile(previous, p);
    const measured = quantile(candidate, p);
    const bound = Math.max(before * ratioBound, before + COMPARISON.noiseFloorMs);
    const held = measured <= bound;
    const change = before > 0 ? (measured / before - 1) * 100 : 0;
    const message =
      `service-time ${name} of the new engine is ${measured.toFixed(1)} ms against ${before.toFixed(1)} ms of the previous one ` +
      `(${change >= 0 ? '+' : ''}${change.toFixed(0)} %, allowed +${((ratioBound - 1) * 100).toFixed(0)} %) over ` +
      `${String(candidate.length)} and ${String(previous.length)} frames`;
    return { code, held, measured, bound, unit: 'ms', message };
  });
}
