import type { ConvConstants } from '../graph/conv.js';
import { weightRoundingShift } from '../math/bias-correction.js';
import { quantizePerChannel, trainedFor } from '../math/weights.js';
import type { QuantizedWeights, WeightLimit } from '../math/weights.js';

export interface FloatBiasConv {
  readonly quantized: QuantizedWeights;
  /** Undefined where the convolution had none and needs none. */
  readonly bias: Float32Array | undefined;
}

/**
 * int8 weights per output channel, and a bias in float that makes up for what their rounding shifts on average.
 *
 * @param inputMeans mean of each input channel, undefined where it was not measured.
 */
export function quantizeWithFloatBias(
  { weights, shape, bias, trainedScales }: ConvConstants,
  limit: WeightLimit,
  inputMeans: readonly number[] | undefined,
): FloatBiasConv {
  const quantized = quantizePerChannel(weights, shape.outputs, limit, { trainedScales });
  // What rounding shifts was there in training already.
  if (inputMeans === undefined || trainedFor(limit, trainedScales) !== undefined) return { quantized, bias };
  const shift = weightRoundingShift(weights, quantized, shape, inputMeans);
  return { quantized, bias: shift.map((value, channel) => value + (bias?.[channel] ?? 0)) };
}
