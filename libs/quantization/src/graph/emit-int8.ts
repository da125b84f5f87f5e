import type { Model, NodeProto } from '@takt/onnx';
import { emulatedParameters } from '../dialects/symmetric.js';
import { UINT8, affineFromRange } from '../math/affine.js';
import type { AffineParameters } from '../math/affine.js';
import { weightRoundingShift } from '../math/bias-correction.js';
import { quantizeBias, smallestWeightScales } from '../math/bias.js';
import { quantizePerChannel, trainedFor } from '../math/weights.js';
import type { WeightLimit } from '../math/weights.js';
import { statisticsOf } from '../statistics/statistics.js';
import type { Statistics } from '../statistics/statistics.js';
import { convConstants } from './conv.js';
import type { ConvConstants } from './conv.js';
import { cutAt } from './cut.js';
import { LOGIT_PARAMETERS, equalizeLogits, logitScales } from './integer-logits.js';
import type { LogitOutput, LogitScales } from './integer-logits.js';
import { toPortableModel } from './portable-model.js';
import { QdqWriter } from './qdq-writer.js';
import { findRegion } from './region.js';
import type { RegionOptions } from './region.js';

/** Ends a model at its last convolutions; their logits are decoded outside. */
export interface Cut {
  readonly outputs: readonly LogitOutput[];
}

export interface Int8Options extends RegionOptions {
  readonly weightLimit: WeightLimit;
  /** Activations on TensorRT's grid (symmetric, zero point 128), to foretell on a CPU what TensorRT will lose. Default false. */
  readonly symmetric?: boolean;
  /** Default: none, the model keeps its decode. */
  readonly cut?: Cut | undefined;
  /** Real value of one step of a uint8 image input (1/255 or 1). Default: the input stays float. */
  readonly pixelScale?: number | undefined;
}

/** A quantized model and what the fusion audit must find in it. */
export interface EmittedModel {
  readonly model: Model;
  /** Convolutions that must become QLinearConv. */
  readonly integerConvs: readonly string[];
  /** What the outputs of a cut model stand for, in the order of `Cut.outputs`; empty without a cut. */
  readonly logits: readonly EmittedLogits[];
}

export interface EmittedLogits {
  /** Name of the emitted model's output. */
  readonly name: string;
  /** Per channel; null where the logits are float. */
  readonly scales: LogitScales | null;
}

/**
 * takt's recipe in ONNX Runtime's CPU dialect: uint8 activations, int8 weights per channel, int32 bias, Q after Conv,
 * Sigmoid and Mul, the decode head in float or cut off. uint8, because ONNX Runtime turns int8 activations into uint8 only
 * where a value has one reader, and SiLU's Conv output has two: with int8 every such Conv stays in float.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, and what `findRegion` throws.
 */
export function emitInt8(folded: Model, statistics: Statistics, options: Int8Options): EmittedModel {
  const { weightLimit, symmetric = false, cut, pixelScale, floatConvs = new Set() } = options;
  const portable = toPortableModel(folded);
  const model =
    cut === undefined
      ? portable
      : cutAt(
          portable,
          cut.outputs.map(({ name }) => name),
        );
  const region = findRegion(model, { floatConvs });
  const writer = new QdqWriter(model, 'uint8');
  const parameters = new Map<string, AffineParameters>();
  const logitOutputs = new Map((cut?.outputs ?? []).filter(({ name }) => !floatConvs.has(name)).map((output) => [output.name, output]));
  if (pixelScale !== undefined) {
    for (const input of region.index.inputs) {
      parameters.set(input, { scale: Math.fround(pixelScale), zeroPoint: 0 });
      writer.byteInput(input, pixelScale);
    }
  }
  for (const value of region.values) {
    if (parameters.has(value) || logitOutputs.has(value)) continue;
    const known = statisticsOf(statistics, value);
    const affine = symmetric ? emulatedParameters(known) : affineFromRange(known, UINT8);
    parameters.set(value, affine);
    writer.activation(value, affine);
  }
  const convs = region.nodes.filter((node) => node.opType === 'Conv');
  const emittedLogits = new Map<string, EmittedLogits>();
  for (const node of convs) {
    const output = node.output[0] ?? '';
    const logit = logitOutputs.get(output);
    let constants = convConstants(node, region.index, statistics.trained);
    if (logit !== undefined) {
      const scales = logitScales(logit, constants.shape.outputs, statisticsOf(statistics, output));
      constants = equalizeLogits(constants, scales);
      emittedLogits.set(output, { name: writer.integerOutput(output, LOGIT_PARAMETERS), scales });
    }
    writeConv(writer, node, constants, statistics, parameters, weightLimit);
  }
  return {
    model: writer.finish(),
    integerConvs: convs.map(convName),
    logits: (cut?.outputs ?? []).map(({ name }) => emittedLogits.get(name) ?? { name, scales: null }),
  };
}

function writeConv(
  writer: QdqWriter,
  node: NodeProto,
  { weights, dims, shape, bias, trainedScales }: ConvConstants,
  statistics: Statistics,
  parameters: ReadonlyMap<string, AffineParameters>,
  weightLimit: WeightLimit,
): void {
  const input = node.input[0] ?? '';
  const inputScale = parameters.get(input)?.scale ?? 1;
  const known = bias ?? new Float32Array(shape.outputs);
  const quantized = quantizePerChannel(weights, shape.outputs, weightLimit, {
    smallestScales: smallestWeightScales(known, inputScale),
    trainedScales,
  });
  const means = statisticsOf(statistics, input).channelMeans;
  // What rounding shifts was there in training already.
  const learned = trainedFor(weightLimit, trainedScales) !== undefined;
  const shift = means && !learned && weightRoundingShift(weights, quantized, shape, means);
  const corrected = shift ? known.map((value, channel) => value + (shift[channel] ?? 0)) : known;
  writer.weights(node, [
    { ...quantized, dims },
    bias || shift ? { ...quantizeBias(corrected, inputScale, quantized.scales), dims: [shape.outputs] } : undefined,
  ]);
}

export const convName = (node: NodeProto): string => node.name ?? node.output[0] ?? '';
