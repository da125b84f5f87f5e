import { quantileOfSorted } from '../quantile.js';
import { seededRandom } from '../random.js';
import { normalQuantile, studentQuantile } from './student-t.js';

/** A figure with its one-sided confidence bounds. */
export interface Estimate {
  readonly point: number;
  readonly lower: number;
  readonly upper: number;
}

/**
 * How often each bin of the two time axes is drawn in one resample, or in the resample of the point estimate (each once).
 * `before` and `after` have one count per bin; all slots share them.
 */
export interface PeriodDraw {
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** One-sided confidence with which each bound of a figure is to hold, as fractions. */
export interface Confidences {
  readonly lower: number;
  readonly upper: number;
}

export interface BootstrapInput<S> {
  readonly groups: readonly (readonly S[])[];
  /** Bins of the two time axes that all slots lie on. */
  readonly bins: { readonly before: number; readonly after: number };
  /** A slot's figure under a draw of the bins; NaN where it has none. */
  readonly figure: (slot: S, draw: PeriodDraw) => number;
  /** The figures of a group with the influence of each bounded; as they are where it is left out. */
  readonly bounded?: (figures: readonly number[], group: number) => readonly number[];
  /** Combines the groups' mean figures. */
  readonly combine: (means: readonly number[]) => number;
  /** One-sided confidences of the two bounds. */
  readonly confidence: Confidences;
  readonly seed: number;
}

/** The last looks of a gate ask for bounds that one resample in several hundred exceeds. */
const RESAMPLES = 1000;
/** From this many slots on the slots themselves are drawn: what differs between them includes what differs inside each. */
const SLOTS_DRAWN_FROM = 20;

const ones = (count: number): Float64Array => new Float64Array(count).fill(1);

/** Adjacent bins that are drawn together: longer than the usual √n, since load that lasts makes short runs too sure (ADR 7). */
const runOf = (count: number): number => Math.max(1, Math.round(1.5 * Math.sqrt(count)));

const widen = (degrees: number, confidence: number): number => studentQuantile(confidence, degrees) / normalQuantile(confidence);

/** Runs, not intervals, are what is independent of each other, before and after. */
const widenBy = ({ before, after }: { readonly before: number; readonly after: number }, confidence: number): number =>
  widen(before / runOf(before) + after / runOf(after) - 2, confidence) *
  Math.sqrt(Math.min(before, after) / Math.max(1, Math.min(before, after) - 1));

/** Runs of 1.5 √n adjacent intervals, so that noise that lasts for several of them widens the bounds (Künsch 1989; circular). */
function drawRuns(count: number, random: () => number, into: Float64Array): void {
  into.fill(0);
  const run = runOf(count);
  for (let drawn = 0; drawn < count;) {
    const start = Math.floor(random() * count);
    for (let offset = 0; offset < run && drawn < count; offset += 1, drawn += 1) {
      const at = (start + offset) % count;
      into[at] = (into[at] ?? 0) + 1;
    }
  }
}

const meanOf = (values: readonly number[]): number => {
  const finite = values.filter((value) => Number.isFinite(value));
  return finite.length === 0 ? Number.NaN : finite.reduce((sum, value) => sum + value, 0) / finite.length;
};

/**
 * Percentile bootstrap of a figure over groups of slots (Efron and Tibshirani 1993). With few slots runs of time are drawn, the same
 * for all slots: what they met at the same moment, such as the load of a host or a product that they share, stays together, so
 * that it leaves a difference between groups as it does in the figures themselves, and widens the bounds of a mean over slots that
 * suffered it alike (Gonçalves 2011 on panels; slots that have nothing in common come out as if each were drawn by itself). With
 * many slots the slots are drawn. A percentile interval of few draws is too narrow: it is widened by √(n/(n−1)) and by the ratio of
 * Student's to the normal quantile for as many degrees of freedom as there are independent runs (as in Hesterberg 2015, §4.1).
 * Null where a group has no figure at all. Same input, same bounds.
 */
export function bootstrap<S>(input: BootstrapInput<S>): Estimate | null {
  const { groups, bins, figure, combine, confidence, bounded = (figures: readonly number[]): readonly number[] => figures } = input;
  const every: PeriodDraw = { before: ones(bins.before), after: ones(bins.after) };
  const whole = groups.map((group, index) =>
    bounded(
      group.map((slot) => figure(slot, every)),
      index,
    ),
  );
  const point = combine(whole.map(meanOf));
  if (!Number.isFinite(point)) return null;
  const random = seededRandom(input.seed);
  const bySlots = (groups[0]?.length ?? 0) >= SLOTS_DRAWN_FROM;
  const draw: PeriodDraw = { before: ones(bins.before), after: ones(bins.after) };
  const figures: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample += 1) {
    drawRuns(bins.before, random, draw.before);
    drawRuns(bins.after, random, draw.after);
    const means = groups.map((group, index) =>
      bySlots && group.length >= SLOTS_DRAWN_FROM
        ? meanOf(group.map(() => whole[index]?.[Math.floor(random() * group.length)] ?? Number.NaN))
        : meanOf(
            bounded(
              group.map((slot) => figure(slot, draw)),
              index,
            ),
          ),
    );
    const value = combine(means);
    if (Number.isFinite(value)) figures.push(value);
  }
  if (figures.length < RESAMPLES / 2) return null;
  const sorted = Float64Array.from(figures).sort();
  const widening = (level: number): number => (bySlots ? widen((groups[0]?.length ?? 2) - 1, level) : widenBy(bins, level));
  return {
    point,
    lower: point + (quantileOfSorted(sorted, 1 - confidence.lower) - point) * widening(confidence.lower),
    upper: point + (quantileOfSorted(sorted, confidence.upper) - point) * widening(confidence.upper),
  };
}
