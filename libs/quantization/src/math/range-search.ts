import { UINT8, affineFromRange } from './affine.js';
import type { Range } from './affine.js';
import type { Distribution } from './histogram.js';
import { silu } from './silu.js';

/** What happens to a tensor's values before their error counts: nothing, or SiLU (x·σ(x)), which hides large negatives. */
export type Transfer = 'identity' | 'silu';

/** One tensor of a group that must share a scale. */
export interface RangeMember {
  readonly distribution: Distribution;
  readonly transfer: Transfer;
}

/**
 * A SiLU's input is not clipped above it: the clipping would give all the values below one small negative number instead of nothing
 * (−0.006 at −7), always in the same direction, and the next layer adds that up over its inputs.
 */
const SILU_FLOOR = -7;

/**
 * Sum over the distribution of |f(dequantize(quantize(x))) − f(x)|³, for uint8 parameters that cover `range`.
 *
 * Cubes, not squares: with squares the background, which fills most of an image, decides, and the large values of the few
 * cells that hold an object are clipped for it. Measured on two YOLOv5n (docs/quantization.md), the error of the logits where
 * an object is fell from 0.23 to 0.16 and from 0.09 to 0.065; fourth powers are no better.
 */
export function expectedError(members: readonly PreparedMember[], range: Range): number {
  const { scale, zeroPoint } = affineFromRange(range, UINT8);
  return gridError(members, scale, UINT8.min - zeroPoint, UINT8.max - zeroPoint);
}

/** The same for the grid `scale · level`, level from `lowest` to `highest`. */
function gridError(members: readonly PreparedMember[], scale: number, lowest: number, highest: number): number {
  const inverse = 1 / scale;
  let error = 0;
  for (const { values, weights, after, transfer } of members) {
    const levels = transfer === 'silu' ? siluLevels(scale, lowest, highest) : undefined;
    for (let i = 0; i < values.length; i++) {
      const rounded = Math.round((values[i] ?? 0) * inverse);
      const level = rounded < lowest ? lowest : rounded > highest ? highest : rounded;
      const difference = (levels ? (levels[level - lowest] ?? 0) : level * scale) - (after[i] ?? 0);
      const magnitude = difference < 0 ? -difference : difference;
      error += (weights[i] ?? 0) * magnitude * magnitude * magnitude;
    }
  }
  return error;
}

function siluLevels(scale: number, lowest: number, highest: number): Float64Array {
  const levels = new Float64Array(highest - lowest + 1);
  for (let level = lowest; level <= highest; level++) levels[level - lowest] = silu(level * scale);
  return levels;
}

/** A member with f(x) worked out once. */
export interface PreparedMember {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly after: Float64Array;
  readonly transfer: Transfer;
}

export const prepare = ({ distribution: { values, weights }, transfer }: RangeMember): PreparedMember => ({
  values,
  weights,
  transfer,
  after: transfer === 'silu' ? values.map(silu) : values,
});

/** Clip candidates per end of the range. */
const STEPS = 64;
/** Alternating searches of the two ends; the second pass seldom moves anything. */
const PASSES = 2;

/**
 * The range inside `full` whose uint8 quantization has the smallest expected error over all members, by alternating
 * exhaustive search of each end on a grid of 1/64 of its length.
 */
export function searchRange(members: readonly RangeMember[], full: Range): Range {
  const prepared = members.map(prepare);
  const low = Math.min(full.low, 0);
  const highestLow = members.some(({ transfer }) => transfer === 'silu') ? Math.max(low, SILU_FLOOR) : 0;
  const high = Math.max(full.high, 0);
  let best: Range = { low, high };
  if (high - low === 0) return best;
  let bestError = expectedError(prepared, best);
  const consider = (candidate: Range): void => {
    const error = expectedError(prepared, candidate);
    if (error < bestError) [best, bestError] = [candidate, error];
  };
  for (let pass = 0; pass < PASSES; pass++) {
    for (let step = 1; step < STEPS && high > 0; step++) consider({ low: best.low, high: high * (step / STEPS) });
    for (let step = 0; step < STEPS && low < 0; step++) consider({ low: Math.min(low * (step / STEPS), highestLow), high: best.high });
  }
  return best;
}

/** Levels of symmetric int8 on either side of zero: −128 is not used, so that weights and activations have one grid. */
const SYMMETRIC_LEVELS = 127;

/**
 * The magnitude whose symmetric int8 grid has the smallest expected error over all members; exhaustive search on a
 * grid of 1/64 of the largest magnitude.
 */
export function searchMagnitude(members: readonly RangeMember[], full: Range): number {
  const largest = Math.max(-full.low, full.high, 0);
  if (largest === 0) return 0;
  const prepared = members.map(prepare);
  let best = largest;
  let bestError = Number.POSITIVE_INFINITY;
  for (let step = STEPS; step > 0; step -= 1) {
    const magnitude = (largest * step) / STEPS;
    const error = gridError(prepared, magnitude / SYMMETRIC_LEVELS, -SYMMETRIC_LEVELS, SYMMETRIC_LEVELS);
    if (error < bestError) [best, bestError] = [magnitude, error];
  }
  return best;
}
