/** Passes over a channel at most; a few are enough, and each only lowers the error. */
const MOST_PASSES = 20;
/** A weight this close to an integer has nothing to choose between. */
const ON_GRID = 1e-6;
/** Changes that gain less than this share of a weight's own variance are rounding noise of the sums. */
const LEAST_GAIN = 1e-9;

/**
 * The integers below and above a weight in steps of its scale, within ±limit; equal where there is no choice. Deterministic, so that a
 * choice that was made at calibration means the same integer at every emission.
 */
export function neighbours(steps: number, limit: number): readonly [down: number, up: number] {
  const nearest = Math.round(steps);
  if (Math.abs(steps - nearest) < ON_GRID) return [clip(nearest, limit), clip(nearest, limit)];
  return [clip(Math.floor(steps), limit), clip(Math.ceil(steps), limit)];
}

const clip = (value: number, limit: number): number => Math.min(Math.max(value, -limit), limit);

/**
 * Rounds the weights of one output channel so that the channel's output has the smallest expected squared error that moving single
 * weights reaches: `(q − w)ᵀ·C·(q − w)` with the covariance C of the inputs (Nagel et al. 2020, "Up or Down? Adaptive Rounding for
 * Post-Training Quantization", equation 5; the mean's part is the bias correction's). Coordinate descent from the nearest integers, each
 * weight up or down, so the error is never larger than nearest rounding's.
 *
 * @param steps weights divided by the channel's scale, n of them.
 * @param covariance n × n, row-major, symmetric.
 * @param limit largest magnitude of an integer.
 * @returns n integers.
 */
export function roundChannel(steps: ArrayLike<number>, covariance: Float64Array, limit: number): Int8Array {
  const n = steps.length;
  const integers = Int8Array.from({ length: n }, (_, i) => clip(Math.round(steps[i] as number), limit));
  const errors = Float64Array.from({ length: n }, (_, i) => (integers[i] as number) - (steps[i] as number));
  /** Half of the gradient. */
  const slopes = times(covariance, errors);
  for (let pass = 0; pass < MOST_PASSES; pass += 1) {
    let changed = false;
    for (let i = 0; i < n; i += 1) {
      const [down, up] = neighbours(steps[i] as number, limit);
      const move = integers[i] === down ? up - down : down - up;
      const variance = covariance[i * n + i] as number;
      const change = 2 * move * (slopes[i] as number) + move * move * variance;
      if (move === 0 || !(change < -LEAST_GAIN * variance)) continue;
      integers[i] = (integers[i] as number) + move;
      changed = true;
      for (let j = 0; j < n; j += 1) slopes[j] = (slopes[j] as number) + move * (covariance[i * n + j] as number);
    }
    if (!changed) break;
  }
  return integers;
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return Float64Array.from({ length: n }, (_, row) => {
    let sum = 0;
    for (let column = 0; column < n; column += 1) sum += (matrix[row * n + column] as number) * (vector[column] as number);
    return sum;
  });
}

/** `eᵀ·C·e` for the errors `e = integers − steps`: what `roundChannel` makes small. */
export function expectedError(steps: ArrayLike<number>, integers: ArrayLike<number>, covariance: Float64Array): number {
  const errors = Float64Array.from({ length: steps.length }, (_, i) => (integers[i] as number) - (steps[i] as number));
  return times(covariance, errors).reduce((sum, slope, i) => sum + slope * (errors[i] as number), 0);
}
