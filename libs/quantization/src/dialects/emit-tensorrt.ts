import { floatTensor, int8Tensor, makeNode, uint8Tensor } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { convConstants } from '../graph/conv.js';
import { convName } from '../graph/emit-int8.js';
import type { EmittedModel } from '../graph/emit-int8.js';
import { toPortableModel } from '../graph/portable-model.js';
import { findRegion } from '../graph/region.js';
import type { RegionOptions } from '../graph/region.js';
import { WeightLimit } from '../math/weights.js';
import type { QuantizedWeights } from '../math/weights.js';
import { statisticsOf } from '../statistics/statistics.js';
import type { Statistics } from '../statistics/statistics.js';
import { quantizeWithFloatBias } from './float-bias.js';
import { nameLayers } from './layer-names.js';
import { lowerOpset } from './lower-opset.js';
import { EMULATED_ZERO_POINT, symmetricScales } from './symmetric.js';

/** Newest opset that the parser of TensorRT 8.5 knows (onnx-tensorrt release/8.5-GA, docs/operators.md). */
export const TENSORRT_OPSET = 17;

/**
 * TensorRT 8.5's explicit dialect: int8 with zero point 0 throughout; a Q/DQ pair for each reader on the inputs of convolutions and
 * of residual additions, FP32 weights through Q and DQ with a scale per output channel, a float bias, SiLU in float. Values
 * that meet in a Concat, a MaxPool or an addition have one scale, so that no reformatting comes between. The FP32 weights lie on
 * their grid already: TensorRT's rounding gives the integers that takt chose.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, `QuantizationOpsetUnsupported`, and what `findRegion` throws.
 */
export const emitTensorrt = (folded: Model, statistics: Statistics, options: RegionOptions): EmittedModel =>
  withPairs(folded, statistics, options, int8Tensor(ACTIVATION_ZERO, [], Int8Array.of(0)));

/**
 * What `emitTensorrt` emits, for ONNX Runtime on a CPU: uint8 around 128 holds the same integers as int8 around 0, so that its
 * outputs foretell TensorRT's, but for the half precision that TensorRT computes activations in. The convolutions
 * run in float between their pairs; `emitInt8` with `symmetric` runs faster and rounds SiLU's parts too.
 *
 * @throws TaktError as `emitTensorrt`.
 */
export const emulateTensorrt = (folded: Model, statistics: Statistics, options: RegionOptions): EmittedModel =>
  withPairs(folded, statistics, options, uint8Tensor(ACTIVATION_ZERO, [], Uint8Array.of(EMULATED_ZERO_POINT)));

const ACTIVATION_ZERO = 'takt_zero_point';

function withPairs(folded: Model, statistics: Statistics, options: RegionOptions, activationZero: TensorProto): EmittedModel {
  const model = lowerOpset(nameLayers(toPortableModel(folded)), TENSORRT_OPSET, 'TensorRT 8.5');
  const region = findRegion(model, options);
  const scales = symmetricScales(region, statistics);
  const constants = new Map<string, TensorProto>([[ACTIVATION_ZERO, activationZero]]);
  const constant = (tensor: TensorProto): string => {
    const name = tensor.name ?? '';
    constants.set(name, tensor);
    return name;
  };
  const quantized = new Set(region.nodes);
  const node = model.graph.node.flatMap((current): NodeProto[] => {
    const isConv = current.opType === 'Conv';
    if (!quantized.has(current) || !(isConv || current.opType === 'Add')) return [current];
    const output = current.output[0] ?? '';
    const before: NodeProto[] = [];
    const pair = (source: string, base: string, { scale, zero, perChannel = false }: PairConstants): string => {
      const axis: Readonly<Record<string, bigint>> = perChannel ? { axis: 0n } : {};
      before.push(
        makeNode('QuantizeLinear', `${base}_q`, [source, scale, zero], [`${base}_q`], axis),
        makeNode('DequantizeLinear', `${base}_dq`, [`${base}_q`, scale, zero], [`${base}_dq`], axis),
      );
      return `${base}_dq`;
    };
    const activation = (value: string): string =>
      pair(value, `${value}_for_${output}`, {
        scale: constant(floatTensor(`${value}_scale`, [], Float32Array.of(scales.get(value) ?? 1))),
        zero: ACTIVATION_ZERO,
      });
    if (!isConv) {
      // An addition of a value to itself reads one pair twice.
      const pairs = new Map([...new Set(current.input)].map((value) => [value, activation(value)]));
      return [...before, { ...current, input: current.input.map((value) => pairs.get(value) ?? value) }];
    }
    const known = convConstants(current, region.index, statistics.trained);
    const means = statisticsOf(statistics, current.input[0] ?? '').channelMeans;
    const { quantized: weights, bias } = quantizeWithFloatBias(known, WeightLimit.eightBit, means);
    const channels = weights.scales.length;
    const dims = channels > 1 ? [channels] : [];
    const input = [
      activation(current.input[0] ?? ''),
      pair(constant(floatTensor(`${output}_weight`, known.dims, onGrid(weights))), `${output}_weight`, {
        scale: constant(floatTensor(`${output}_weight_scale`, dims, weights.scales)),
        zero: constant(int8Tensor(`takt_weight_zero_point_${String(channels)}`, dims, new Int8Array(channels))),
        perChannel: channels > 1,
      }),
      ...(bias === undefined ? [] : [constant(floatTensor(`${output}_bias`, [channels], bias))]),
    ];
    return [...before, { ...current, input }];
  });
  return {
    model: withConstants(model, node, [...constants.values()]),
    integerConvs: region.nodes.filter(({ opType }) => opType === 'Conv').map(convName),
    logits: [],
  };
}

interface PairConstants {
  readonly scale: string;
  readonly zero: string;
  readonly perChannel?: boolean;
}

/** The real values that the integers stand for. */
function onGrid({ values, scales }: QuantizedWeights): Float32Array {
  const size = values.length / scales.length;
  return Float32Array.from(values, (value, at) => value * (scales[Math.floor(at / size)] ?? 0));
}

/** The model with other nodes and more constants; those that nothing reads any more are left out. */
function withConstants(model: Model, node: readonly NodeProto[], added: readonly TensorProto[]): Model {
  const { graph } = model;
  const read = new Set([...node.flatMap(({ input }) => input), ...graph.output.map(({ name }) => name ?? '')]);
  const initializer = [...graph.initializer, ...added].filter(({ name }) => read.has(name ?? ''));
  const dropped = new Set(graph.initializer.map(({ name }) => name).filter((name) => !read.has(name ?? '')));
  return { ...model, graph: { ...graph, node, initializer, input: graph.input.filter(({ name }) => !dropped.has(name)) } };
}
