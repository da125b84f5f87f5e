/** Weights of one layer as integers, `real[c, i] = scales[c] · values[c, i]`, zero point 0. */
export interface QuantizedWeights {
  readonly values: Int8Array;
  /** One per output channel, or one for all. */
  readonly scales: Float32Array;
}

/**
 * Largest magnitude of a quantized weight. 64 is "7 bit": AVX2 and AVX-512 without VNNI add two uint8·int8 products in a
 * saturating int16, and 2 · 255 · 64 = 32 640 still fits.
 */
export const WeightLimit = { eightBit: 127, sevenBit: 64 } as const;
export type WeightLimit = (typeof WeightLimit)[keyof typeof WeightLimit];

/** Scale of a channel whose weights are all zero. */
const SCALE_OF_NOTHING = Math.fround(1 / WeightLimit.eightBit);
const CLIP_STEPS = 40;
/** Clipping a channel below half of its largest weight never pays at 7 bits or more. */
const DEEPEST_CLIP = 0.5;

/** Symmetric per-channel quantization; each channel's clip has the smallest squared error among 40 candidates. */
export function quantizePerChannel(
  weights: Float32Array,
  channels: number,
  limit: WeightLimit,
  smallestScales?: Float64Array,
): QuantizedWeights {
  const size = weights.length / channels;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(channels);
  for (let channel = 0; channel < channels; channel++) {
    const slice = weights.subarray(channel * size, (channel + 1) * size);
    const scale = Math.fround(Math.max(bestScale(slice, limit), smallestScales?.[channel] ?? 0));
    scales[channel] = scale;
    quantizeInto(slice, scale, limit, values.subarray(channel * size, (channel + 1) * size));
  }
  return { values, scales };
}

/** Symmetric quantization of a whole tensor with one scale that covers its largest magnitude. */
export function quantizePerTensor(weights: Float32Array, limit: WeightLimit, smallestScale = 0): QuantizedWeights {
  const largest = largestMagnitude(weights);
  const scale = Math.fround(Math.max(largest === 0 ? SCALE_OF_NOTHING : largest / limit, smallestScale));
  const values = new Int8Array(weights.length);
  quantizeInto(weights, scale, limit, values);
  return { values, scales: Float32Array.of(scale) };
}

const largestMagnitude = (values: Float32Array): number => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

function bestScale(weights: Float32Array, limit: number): number {
  const largest = largestMagnitude(weights);
  if (largest === 0) return SCALE_OF_NOTHING;
  let best = largest / limit;
  let bestError = Number.POSITIVE_INFINITY;
  for (let step = 0; step < CLIP_STEPS; step++) {
    const scale = (largest * (1 - ((1 - DEEPEST_CLIP) * step) / CLIP_STEPS)) / limit;
    const error = squaredError(weights, scale, limit);
    if (error < bestError) [best, bestError] = [scale, error];
  }
  return best;
}

function squaredError(weights: Float32Array, scale: number, limit: number): number {
  const inverse = 1 / scale;
  let error = 0;
  for (const weight of weights) {
    const rounded = Math.round(weight * inverse);
    const difference = (rounded < -limit ? -limit : rounded > limit ? limit : rounded) * scale - weight;
    error += difference * difference;
  }
  return error;
}

function quantizeInto(weights: Float32Array, scale: number, limit: number, into: Int8Array): void {
  const inverse = 1 / scale;
  weights.forEach((weight, i) => {
    const rounded = Math.round(weight * inverse);
    into[i] = rounded < -limit ? -limit : rounded > limit ? limit : rounded;
  });
}
