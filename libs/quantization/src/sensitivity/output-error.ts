/** What a float model gives for one image, and how much each element of it counts. */
export interface ReferenceOutput {
  readonly values: Float32Array;
  /** As long as `values`. */
  readonly weights: Float32Array;
}

/** Weighted mean of the squared differences over all outputs of one image; NaN where nothing counts. */
export function outputError(reference: readonly ReferenceOutput[], given: readonly Float32Array[]): number {
  let error = 0;
  let total = 0;
  reference.forEach(({ values, weights }, output) => {
    const other = given[output];
    if (other?.length !== values.length) throw new RangeError(`output ${String(output)} has another size than the float model's`);
    for (let i = 0; i < values.length; i += 1) {
      const weight = weights[i] as number;
      if (weight === 0) continue;
      const difference = (other[i] as number) - (values[i] as number);
      error += weight * difference * difference;
      total += weight;
    }
  });
  return error / total;
}

/** Elements that vary less than this share of the largest deviation do not count more than those that do. */
const SMALLEST_DEVIATION = 1e-3;

/**
 * Weights under which every channel of an output counts alike, however large its values are: one over the variance of the channel
 * (along `axis`). Boxes in pixels beside scores of 0–1 would else drown them. Nothing counts in an output that does not vary.
 */
export function channelWeights(values: Float32Array, dims: readonly number[], axis: number): Float32Array {
  const channels = dims[axis] ?? 1;
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  values.forEach((value, i) => {
    const channel = channelOf(i);
    sums[channel] = (sums[channel] as number) + value;
    squares[channel] = (squares[channel] as number) + value * value;
  });
  const count = values.length / channels;
  const variances = squares.map((square, channel) => Math.max(0, square / count - ((sums[channel] as number) / count) ** 2));
  // A channel of one element, as a classifier's, is measured against all of them.
  const alone = count === 1;
  const whole = varianceOf(values);
  const largest = variances.reduce((most, variance) => Math.max(most, variance), 0);
  const least = largest * SMALLEST_DEVIATION ** 2;
  const spread = alone ? whole : largest;
  if (spread === 0) return new Float32Array(values.length);
  return Float32Array.from(values, (_, i) => 1 / (alone ? whole : Math.max(variances[channelOf(i)] as number, least)));
}

/**
 * Outputs of one value, as of a regressor or a yes and no, vary over images alone: their weights are one over that variance, 0 where
 * there is none. All other outputs stay.
 *
 * @param images outputs of each image, in one order.
 */
export function weighSingleValues(images: readonly (readonly ReferenceOutput[])[]): readonly (readonly ReferenceOutput[])[] {
  const spreads = (images[0] ?? []).map((_, output) => varianceOf(Float32Array.from(images, (outputs) => outputs[output]?.values[0] ?? 0)));
  return images.map((outputs) =>
    outputs.map((reference, output) => {
      const spread = spreads[output] ?? 0;
      return reference.values.length === 1 ? { ...reference, weights: Float32Array.of(spread > 0 ? 1 / spread : 0) } : reference;
    }),
  );
}

/** Whether anything in the outputs of an image counts. */
export const counts = (outputs: readonly ReferenceOutput[]): boolean => outputs.some(({ weights }) => weights.some((weight) => weight > 0));

function varianceOf(values: Float32Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
}
