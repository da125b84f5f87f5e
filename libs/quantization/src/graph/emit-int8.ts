import type { Model, NodeProto } from '@takt/onnx';
import { UINT8, affineFromRange } from '../math/affine.js';
import type { AffineParameters } from '../math/affine.js';
import { weightRoundingShift } from '../math/bias-correction.js';
import { quantizeBias, smallestWeightScales } from '../math/bias.js';
import { quantizePerChannel } from '../math/weights.js';
import type { WeightLimit } from '../math/weights.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';
import type { Statistics, ValueStatistics } from '../statistics/statistics.js';
import { convConstants } from './conv.js';
import { toPortableModel } from './portable-model.js';
import { QdqWriter } from './qdq-writer.js';
import { findRegion } from './region.js';

export interface Int8Options {
  readonly weightLimit: WeightLimit;
  readonly floatDetectConvs: boolean;
  /** So many convolutions before each detect convolution stay in float too. Default 0. */
  readonly floatTail?: number;
  /** So many convolutions after the input stay in float. Default 0. */
  readonly floatFront?: number;
}

/** A quantized model and what the fusion audit must find in it. */
export interface EmittedModel {
  readonly model: Model;
  /** Convolutions that must become QLinearConv. */
  readonly integerConvs: readonly string[];
  /** Convolutions left in float to keep accuracy, the detect convolutions not counted. */
  readonly floatConvs: readonly string[];
}

/**
 * takt's recipe in ONNX Runtime's CPU dialect: uint8 activations, int8 weights per channel, int32 bias, Q after Conv,
 * Sigmoid and Mul, the decode head in float. uint8, because ONNX Runtime turns int8 activations into uint8 only where a value
 * has one reader, and SiLU's Conv output has two: with int8 every such Conv stays in float.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, and what `findRegion` throws.
 */
export function emitInt8(folded: Model, statistics: Statistics, { weightLimit, ...regionOptions }: Int8Options): EmittedModel {
  const model = toPortableModel(folded);
  const region = findRegion(model, regionOptions);
  const writer = new QdqWriter(model, 'uint8');
  const parameters = new Map<string, AffineParameters>();
  for (const value of region.values) {
    const affine = affineFromRange(statisticsOf(statistics, value), UINT8);
    parameters.set(value, affine);
    writer.activation(value, affine);
  }
  const convs = region.nodes.filter((node) => node.opType === 'Conv');
  for (const node of convs) {
    const input = node.input[0] ?? '';
    const inputScale = parameters.get(input)?.scale ?? 1;
    const { weights, dims, shape, bias } = convConstants(node, region.index);
    const known = bias ?? new Float32Array(shape.outputs);
    const quantized = quantizePerChannel(weights, shape.outputs, weightLimit, smallestWeightScales(known, inputScale));
    const means = statisticsOf(statistics, input).channelMeans;
    const shift = means && weightRoundingShift(weights, quantized, shape, means);
    const corrected = shift ? known.map((value, channel) => value + (shift[channel] ?? 0)) : known;
    writer.weights(node, [
      { ...quantized, dims },
      bias || shift ? { ...quantizeBias(corrected, inputScale, quantized.scales), dims: [shape.outputs] } : undefined,
    ]);
  }
  return { model: writer.finish(), integerConvs: convs.map(convName), floatConvs: region.tailConvs.map(convName) };
}

export const convName = (node: NodeProto): string => node.name ?? node.output[0] ?? '';

/** @throws TaktError `StatisticsDoNotFit` when the value was not calibrated. */
export function statisticsOf(statistics: Statistics, value: string): ValueStatistics {
  const found = statistics.values[value];
  if (found === undefined)
    throw quantizationError(
      QuantizationErrorCode.statisticsDoNotFit,
      `the statistics file has no range for "${value}" of this model`,
      value,
    );
  return found;
}
