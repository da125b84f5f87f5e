import type { AffineParameters } from '../math/affine.js';
import type { ValueStatistics } from '../statistics/statistics.js';
import type { ConvConstants } from './conv.js';

/** An output at the cut. Its channels repeat in groups of `columns`; the first `boxColumns` of a group are box terms, the rest scores. */
export interface LogitOutput {
  readonly name: string;
  readonly columns: number;
  readonly boxColumns: number;
}

/** `logit = scale[c] · (q − zeroPoint[c])`; the zero point is a real number and need not lie within 0–255. */
export interface LogitScales {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
}

/** The integer of a logit is its own value: what differs between channels is in the weights. */
export const LOGIT_PARAMETERS: AffineParameters = { scale: 1, zeroPoint: 0 };

/** σ(−9) = 0.00012: a score this small is below every threshold that anybody reads boxes with. */
export const LOWEST_SCORE_LOGIT = -9;
/** Room above the largest value that calibration saw, as a share of the range. */
const HEADROOM = 0.05;
const LEVELS = 255;

/**
 * A scale and an offset for each channel of an output at the cut. Box terms and scores differ in range by far, and with one
 * scale for all of them the boxes would move in steps.
 */
export function logitScales(
  { columns, boxColumns }: LogitOutput,
  channels: number,
  { min, max, channelRanges }: ValueStatistics,
): LogitScales {
  const scale: number[] = [];
  const zeroPoint: number[] = [];
  for (let channel = 0; channel < channels; channel += 1) {
    let low = channelRanges?.low[channel] ?? min;
    let high = channelRanges?.high[channel] ?? max;
    const room = (high - low) * HEADROOM;
    high += room;
    if (channel % columns >= boxColumns) {
      low = Math.max(low, LOWEST_SCORE_LOGIT);
      // A class that calibration never saw still gets a range in which it may be seen.
      high = Math.max(high, low + 1);
    } else {
      low -= room;
    }
    const step = Math.max((high - low) / LEVELS, 1e-6);
    scale.push(step);
    zeroPoint.push(-low / step);
  }
  return { scale, zeroPoint };
}

/**
 * Scales and shifts each output channel of a convolution so that its logit's integer is what the convolution gives: a
 * quantized convolution has one output scale for all channels, but its weights have one each.
 */
export function equalizeLogits(conv: ConvConstants, { scale, zeroPoint }: LogitScales): ConvConstants {
  const { outputs } = conv.shape;
  const perChannel = conv.weights.length / outputs;
  const weights = conv.weights.map((weight, i) => weight / (scale[Math.floor(i / perChannel)] ?? 1));
  const bias = Float32Array.from({ length: outputs }, (_, c) => (conv.bias?.[c] ?? 0) / (scale[c] ?? 1) + (zeroPoint[c] ?? 0));
  const { trainedScales: trained } = conv;
  const trainedScales = trained && Float64Array.from({ length: outputs }, (_, c) => (trained[c] ?? 1) / (scale[c] ?? 1));
  return { ...conv, weights, bias, trainedScales };
}

/** The logits that integers of an output at the cut stand for. */
export function dequantizeLogits(integers: Uint8Array, { scale, zeroPoint }: LogitScales): Float32Array {
  const plane = integers.length / scale.length;
  return Float32Array.from(integers, (integer, i) => {
    const channel = Math.floor(i / plane);
    return (scale[channel] ?? 0) * (integer - (zeroPoint[channel] ?? 0));
  });
}
