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

export interface PerChannelOptions {
  /** Below these no scale may be. */
  readonly smallestScales?: Float64Array | undefined;
  /** Scales that the weights were trained with in 8 bits: the rounding that the network has learned to live with. */
  readonly trainedScales?: ArrayLike<number> | undefined;
}

/** Symmetric per-channel quantization; where no scales are given each channel's clip has the smallest squared error among 40 candidates. */
export function quantizePerChannel(
  weights: Float32Array,
  channels: number,
  limit: WeightLimit,
  { smallestScales, trainedScales }: PerChannelOptions = {},
): QuantizedWeights {
  const size = weights.length / channels;
  const values = new Int8Array(weights.length);
  const scales = new Float32Array(channels);
  const best = trainedFor(limit, trainedScales) ?? bestScales(weights, channels, limit);
  for (let channel = 0; channel < channels; channel++) {
    const slice = weights.subarray(channel * size, (channel + 1) * size);
    const scale = Math.fround(Math.max(best[channel] ?? 0, smallestScales?.[channel] ?? 0));
    scales[channel] = scale;
    quantizeInto(slice, scale, limit, values.subarray(channel * size, (channel + 1) * size));
  }
  return { values, scales };
}

/** Training rounds to 8 bits; with fewer its scales would clip half of each channel. */
export const trainedFor = (limit: WeightLimit, trainedScales: ArrayLike<number> | undefined): ArrayLike<number> | undefined =>
  limit === WeightLimit.eightBit ? trainedScales : undefined;

/** Symmetric quantization of a whole tensor with one scale that covers its largest magnitude. */
export function quantizePerTensor(weights: Float32Array, limit: WeightLimit, smallestScale = 0): QuantizedWeights {
  const largest = largestMagnitude(weights);
  const scale = Math.fround(Math.max(largest === 0 ? SCALE_OF_NOTHING : largest / limit, smallestScale));
  const values = new Int8Array(weights.length);
  quantizeInto(weights, scale, limit, values);
  return { values, scales: Float32Array.of(scale) };
}

const largestMagnitude = (values: Float32Array): number => values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

/** Scales by the weights that they were searched for: a model is emitted many times while its layers are compared. */
const searched = new WeakMap<Float32Array, Map<string, Float64Array>>();

function bestScales(weights: Float32Array, channels: number, limit: number): Float64Array {
  const known = searched.get(weights) ?? new Map<string, Float64Array>();
  searched.set(weights, known);
  const key = `${String(channels)} ${String(limit)}`;
  let scales = known.get(key);
  if (scales === undefined) {
    const size = weights.length / channels;
    scales = Float64Array.from({ length: channels }, (_, channel) =>
      bestScale(weights.subarray(channel * size, (channel + 1) * size), limit),
    );
    known.set(key, scales);
  }
  return scales;
}

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

/** A double has no digits after the point from here on, so that adding and taking it away rounds to the nearest integer. */
const NO_FRACTION = 1.5 * 2 ** 52;

function squaredError(weights: Float32Array, scale: number, limit: number): number {
  const inverse = 1 / scale;
  let error = 0;
  for (let i = 0; i < weights.length; i += 1) {
    const weight = weights[i] as number;
    const rounded = weight * inverse + NO_FRACTION - NO_FRACTION;
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
