import { floatTensor, int8Tensor, makeNode } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { convConstants } from '../graph/conv.js';
import { convName, statisticsOf } from '../graph/emit-int8.js';
import type { EmittedModel } from '../graph/emit-int8.js';
import { toPortableModel } from '../graph/portable-model.js';
import { findRegion } from '../graph/region.js';
import type { RegionOptions } from '../graph/region.js';
import { WeightLimit, quantizePerChannel } from '../math/weights.js';
import type { Statistics } from '../statistics/statistics.js';
import { symmetricScale } from './symmetric.js';

/**
 * TensorRT 8.5's explicit dialect: int8 with zero point 0 throughout; a Q/DQ pair for each reader on the inputs of convolutions and
 * of residual additions, FP32 weights through Q and DQ with a scale per output channel, a float bias, SiLU in float. Values
 * that meet in a Concat, a MaxPool or an addition have one scale, so that no reformatting comes between.
 *
 * @param folded the model after ONNX Runtime's basic optimization, which the statistics' names refer to.
 * @throws TaktError `StatisticsDoNotFit`, and what `findRegion` throws.
 */
export function emitTensorrt(folded: Model, statistics: Statistics, options: RegionOptions): EmittedModel {
  const model = toPortableModel(folded);
  const region = findRegion(model, options);
  const initializers: TensorProto[] = [];
  const zeros = new Set<number>();
  const zeroPoint = (channels: number): string => {
    zeros.add(channels);
    return `takt_zero_point_${String(channels)}`;
  };
  const scales = new Set<string>();
  const scaleOf = (value: string): string => {
    const name = `${value}_scale`;
    if (!scales.has(name)) {
      scales.add(name);
      initializers.push(floatTensor(name, [], Float32Array.of(symmetricScale(statisticsOf(statistics, value)))));
    }
    return name;
  };
  const quantized = new Set(region.nodes);
  const node = model.graph.node.flatMap((current): NodeProto[] => {
    const isConv = current.opType === 'Conv';
    if (!quantized.has(current) || !(isConv || current.opType === 'Add')) return [current];
    const before: NodeProto[] = [];
    const pair = (value: string, source: string, scale: string, zero: string, axis: Readonly<Record<string, bigint>>): string => {
      const base = `${value}_for_${current.output[0] ?? ''}`;
      before.push(
        makeNode('QuantizeLinear', `${base}_q`, [source, scale, zero], [`${base}_q`], axis),
        makeNode('DequantizeLinear', `${base}_dq`, [`${base}_q`, scale, zero], [`${base}_dq`], axis),
      );
      return `${base}_dq`;
    };
    const input = current.input.slice();
    for (let i = 0; i < (isConv ? 1 : input.length); i += 1) {
      const value = input[i] ?? '';
      input[i] = pair(value, value, scaleOf(value), zeroPoint(1), {});
    }
    if (isConv) {
      const weight = input[1] ?? '';
      const { weights, shape } = convConstants(current, region.index);
      const { scales: perChannel } = quantizePerChannel(weights, shape.outputs, WeightLimit.eightBit);
      const name = `${current.output[0] ?? ''}_weight_scale`;
      initializers.push(floatTensor(name, [perChannel.length], perChannel));
      input[1] = pair(weight, weight, name, zeroPoint(perChannel.length), { axis: 0n });
    }
    return [...before, { ...current, input }];
  });
  // A scalar for activations, a list for weights, also where a layer has one channel.
  for (const channels of zeros)
    initializers.push(int8Tensor(`takt_zero_point_${String(channels)}`, channels === 1 ? [] : [channels], new Int8Array(channels)));
  const convs = region.nodes.filter(({ opType }) => opType === 'Conv');
  return {
    model: { ...model, graph: { ...model.graph, node, initializer: [...model.graph.initializer, ...initializers] } },
    integerConvs: convs.map(convName),
    floatConvs: region.tailConvs.map(convName),
    logits: [],
  };
}
