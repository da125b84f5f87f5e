import type { Model, NodeProto } from '@takt/onnx';
import { convConstants } from '../graph/conv.js';
import { convName, statisticsOf } from '../graph/emit-int8.js';
import type { EmittedModel } from '../graph/emit-int8.js';
import { toPortableModel } from '../graph/portable-model.js';
import { QdqWriter } from '../graph/qdq-writer.js';
import { findRegion } from '../graph/region.js';
import type { RegionOptions } from '../graph/region.js';
import { UINT8, affineFromRange } from '../math/affine.js';
import { weightRoundingShift } from '../math/bias-correction.js';
import { WeightLimit, quantizePerChannel } from '../math/weights.js';
import type { Statistics } from '../statistics/statistics.js';

export interface OpenvinoOptions extends RegionOptions {
  /** 7-bit weights where the CPU adds products in a saturating int16 (no VNNI). Default 8 bits. */
  readonly weightLimit?: WeightLimit;
}

/**
 * OpenVINO's dialect: Q/DQ on the inputs of convolutions alone, uint8 and asymmetric, int8 weights per channel behind DQ, a float
 * bias. OpenVINO's low-precision transformations move the scales through the graph themselves and take SiLU and Sigmoid up
 * into the convolution before them, as long as these are in float.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, and what `findRegion` throws.
 */
export function emitOpenvino(folded: Model, statistics: Statistics, options: OpenvinoOptions): EmittedModel {
  const { weightLimit = WeightLimit.eightBit, ...regionOptions } = options;
  const model = toPortableModel(folded);
  const region = findRegion(model, regionOptions);
  const writer = new QdqWriter(model, 'uint8');
  const convs = region.nodes.filter((node) => node.opType === 'Conv');
  for (const [value, readers] of readersOf(convs))
    writer.activation(value, affineFromRange(statisticsOf(statistics, value), UINT8), readers);
  for (const node of convs) {
    const { weights, dims, shape, bias } = convConstants(node, region.index);
    const quantized = quantizePerChannel(weights, shape.outputs, weightLimit);
    const means = statisticsOf(statistics, node.input[0] ?? '').channelMeans;
    const shift = means && weightRoundingShift(weights, quantized, shape, means);
    const known = bias ?? new Float32Array(shape.outputs);
    const corrected = shift ? known.map((value, channel) => value + (shift[channel] ?? 0)) : known;
    writer.weights(node, [{ ...quantized, dims }], bias || shift ? corrected : undefined);
  }
  return { model: writer.finish(), integerConvs: convs.map(convName), floatConvs: region.tailConvs.map(convName), logits: [] };
}

/** The convolutions that read each value. */
export function readersOf(convs: readonly NodeProto[]): Map<string, Set<NodeProto>> {
  const readers = new Map<string, Set<NodeProto>>();
  for (const conv of convs) {
    const value = conv.input[0] ?? '';
    const known = readers.get(value);
    if (known) known.add(conv);
    else readers.set(value, new Set([conv]));
  }
  return readers;
}
