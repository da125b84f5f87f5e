import type { Model } from '@takt/onnx';
import { INT8, affineFromRange } from '../math/affine.js';
import { quantizeBias, smallestWeightScales } from '../math/bias.js';
import { WeightLimit, quantizePerTensor } from '../math/weights.js';
import { statisticsOf } from '../statistics/statistics.js';
import type { Statistics } from '../statistics/statistics.js';
import { convConstants } from './conv.js';
import { convName } from './emit-int8.js';
import type { EmittedModel } from './emit-int8.js';
import { toPortableModel } from './portable-model.js';
import { QdqWriter } from './qdq-writer.js';
import { findRegion, isMove } from './region.js';

/**
 * What ONNX Runtime's `quantize_static` emits by default: QDQ, int8 activations (asymmetric, from min and max), int8 weights
 * with one scale per tensor, int32 bias; MaxPool, Resize and the like reuse their input's scale. Only the decode head is in
 * float, because with the default even that is quantized and nothing is detected at all.
 *
 * @throws TaktError as `emitInt8`.
 */
export function emitLibraryDefault(folded: Model, statistics: Statistics): EmittedModel {
  const model = toPortableModel(folded);
  const region = findRegion(model);
  const writer = new QdqWriter(model, 'int8');
  const source = new Map<string, string>();
  for (const node of region.nodes) {
    if (isMove(node)) for (const output of node.output) source.set(output, source.get(node.input[0] ?? '') ?? node.input[0] ?? '');
  }
  const affineOf = (value: string): ReturnType<typeof affineFromRange> => {
    const { min, max } = statisticsOf(statistics, source.get(value) ?? value);
    return affineFromRange({ low: min, high: max }, INT8);
  };
  for (const value of region.values) writer.activation(value, affineOf(value));
  const convs = region.nodes.filter((node) => node.opType === 'Conv');
  for (const node of convs) {
    const inputScale = affineOf(node.input[0] ?? '').scale;
    const { weights, dims, shape, bias } = convConstants(node, region.index);
    const smallest =
      bias === undefined ? 0 : smallestWeightScales(bias, inputScale).reduce((largest, scale) => Math.max(largest, scale), 0);
    const quantized = quantizePerTensor(weights, WeightLimit.eightBit, smallest);
    writer.weights(node, [
      { ...quantized, dims },
      bias === undefined ? undefined : { ...quantizeBias(bias, inputScale, quantized.scales), dims: [shape.outputs] },
    ]);
  }
  return { model: writer.finish(), integerConvs: convs.map(convName), logits: [] };
}
