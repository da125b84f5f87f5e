import type { Model, NodeProto } from '@takt/onnx';
import { convConstants } from '../graph/conv.js';
import { convName } from '../graph/emit-int8.js';
import type { EmittedModel } from '../graph/emit-int8.js';
import { toPortableModel } from '../graph/portable-model.js';
import { QdqWriter } from '../graph/qdq-writer.js';
import { findRegion } from '../graph/region.js';
import type { RegionOptions } from '../graph/region.js';
import { UINT8, affineFromRange } from '../math/affine.js';
import { WeightLimit } from '../math/weights.js';
import { statisticsOf } from '../statistics/statistics.js';
import type { Statistics } from '../statistics/statistics.js';
import { denseWeights, isDense } from './dense.js';
import { quantizeWithFloatBias } from './float-bias.js';

export interface OpenvinoOptions extends RegionOptions {
  /** 7-bit weights where the CPU adds products in a saturating int16 (no VNNI). Default 8 bits. */
  readonly weightLimit?: WeightLimit;
}

/**
 * OpenVINO's dialect: Q/DQ on the inputs of convolutions and fully connected layers alone, uint8 and asymmetric, int8 weights per
 * channel behind DQ, a float bias. OpenVINO's low-precision transformations move the scales through the graph themselves and
 * take SiLU and Sigmoid up into the convolution before them, as long as these are in float.
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
  // Layers after the last convolution were not calibrated.
  const calibrated = new Set(region.values);
  const dense = model.graph.node.filter((node) => calibrated.has(node.input[0] ?? '') && isDense(node, region.index));
  for (const [value, readers] of readersOf([...convs, ...dense]))
    writer.activation(value, affineFromRange(statisticsOf(statistics, value), UINT8), readers);
  for (const node of convs) {
    const constants = convConstants(node, region.index, statistics.trained);
    const { channelMeans } = statisticsOf(statistics, node.input[0] ?? '');
    const { quantized, bias } = quantizeWithFloatBias(constants, weightLimit, channelMeans);
    writer.weights(node, [{ ...quantized, dims: constants.dims }], bias);
  }
  for (const node of dense) writer.weights(node, [denseWeights(node, region.index, weightLimit)]);
  return { model: writer.finish(), integerConvs: convs.map(convName), logits: [] };
}

/** The layers that read each value as their input. */
function readersOf(layers: readonly NodeProto[]): Map<string, Set<NodeProto>> {
  const readers = new Map<string, Set<NodeProto>>();
  for (const layer of layers) {
    const value = layer.input[0] ?? '';
    const known = readers.get(value);
    if (known) known.add(layer);
    else readers.set(value, new Set([layer]));
  }
  return readers;
}
