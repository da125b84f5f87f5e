import type { Model } from '@takt/onnx';
import { findRegion } from '../graph/region.js';
import type { Range } from '../math/affine.js';
import type { Statistics } from '../statistics/statistics.js';

/** What quantization-aware training fixed, by names that the model has without its Q and DQ nodes. */
export interface TrainedScales {
  /** The real values that the integers of a value's pair cover. */
  readonly ranges: ReadonlyMap<string, Range>;
  /**
   * Scales of the int8 weights of each convolution that was trained with rounded weights, by the value it makes: one per output
   * channel, or null where the training used a grid that takt has no use for (not symmetric, or along another axis).
   */
  readonly weights: ReadonlyMap<string, readonly number[] | null>;
}

/**
 * The convolutions that training left in float, by the value they make: whoever trained the model decided so.
 *
 * @param folded the model after ONNX Runtime's basic optimization.
 * @returns nothing for a model that was not trained with rounding.
 */
export function untrainedConvs(folded: Model, { trained }: Pick<Statistics, 'trained'>): readonly string[] {
  if (trained === undefined) return [];
  return findRegion(folded).nodes.flatMap((node) => {
    const value = node.output[0] ?? '';
    return node.opType === 'Conv' && !Object.hasOwn(trained.weightScales, value) ? [value] : [];
  });
}
