import { DataType, floatTensor, floatValues, indexGraph, intAttribute, int8Values, makeNode } from '@takt/onnx';
import type { GraphIndex, Model, NodeProto, TensorProto } from '@takt/onnx';
import { prune } from '@takt/quantization';
import type { EmittedModel, LogitScales } from '@takt/quantization';

/** A convolution with integer weights of an emitted model, and what it was before. */
export interface QuantizedConv {
  /** In the emitted model. */
  readonly node: NodeProto;
  /** In the float model. */
  readonly source: NodeProto;
  /** The value that it makes, in both. */
  readonly value: string;
  readonly dims: readonly number[];
  readonly groups: number;
  /** Weights per output channel. */
  readonly size: number;
  /** Float weights and bias; of logits that leave as integers: scaled by channel as the emitter scales them. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  /** As emitted, one scale per output channel. */
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

/** The convolutions of an emitted model that have integer weights. */
export function quantizedConvs({ model, logits }: EmittedModel, folded: Model): readonly QuantizedConv[] {
  const emitted = indexGraph(model.graph);
  const float = indexGraph(folded.graph);
  const scaled = new Map(logits.map(({ name, scales }) => [name, scales]));
  return model.graph.node.flatMap((node): QuantizedConv[] => {
    const pair = emitted.producers.get(node.input[1] ?? '');
    const source = float.producers.get(node.output[0] ?? '');
    if (node.opType !== 'Conv' || pair?.opType !== 'DequantizeLinear' || source === undefined) return [];
    const weight = constant(float, source.input[1]);
    const [outputs = 1, ...inner] = weight.dims;
    const size = inner.reduce((product, dim) => product * dim, 1);
    const value = node.output[0] ?? '';
    const channel = (i: number): number => Math.floor(i / size);
    const found = floatValues(constant(emitted, pair.input[1]));
    const scales = Float32Array.from({ length: outputs }, (_, i) => found[found.length === 1 ? 0 : i] as number);
    const logit: LogitScales | null = scaled.get(`${value}_q`) ?? null;
    const bias = source.input[2] === undefined ? new Float32Array(outputs) : floatValues(constant(float, source.input[2]));
    return [
      {
        node,
        source,
        value,
        dims: weight.dims,
        groups: intAttribute(source, 'group', 1),
        size,
        weights: floatValues(weight).map((each, i) => each / (logit?.scale[channel(i)] ?? 1)),
        bias: bias.map((each, i) => each / (logit?.scale[i] ?? 1) + (logit?.zeroPoint[i] ?? 0)),
        integers: integersOf(emitted, pair, (i) => scales[channel(i)] as number),
        scales,
      },
    ];
  });
}

/** Integer weights behind a DQ; TensorRT's lie as floats on their grid, behind Q and DQ. */
function integersOf(index: GraphIndex, pair: NodeProto, scaleOf: (i: number) => number): Int8Array {
  const quantizer = index.producers.get(pair.input[0] ?? '');
  if (quantizer === undefined) return int8Values(constant(index, pair.input[0]));
  return Int8Array.from(floatValues(constant(index, quantizer.input[0])), (value, i) => Math.round(value / scaleOf(i)));
}

function constant({ initializers }: GraphIndex, name: string | undefined): TensorProto {
  const found = initializers.get(name ?? '');
  if (found === undefined) throw new TypeError(`"${name ?? ''}" is no constant`);
  return found;
}

export interface FloatWeights {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

const ONE = 'takt_one';

/**
 * An emitted model with other, float weights; its activations stay as they are. Behind each convolution stands a product with an input
 * whose default is one: ONNX Runtime would else round float weights between Q and DQ itself, with one scale for all channels.
 */
export function withFloatWeights(model: Model, convs: readonly QuantizedConv[], weightsOf: (conv: QuantizedConv) => FloatWeights): Model {
  const { graph } = model;
  const byNode = new Map(convs.map((conv) => [conv.node, conv]));
  const added: TensorProto[] = [floatTensor(ONE, [], Float32Array.of(1))];
  const node = graph.node.flatMap((current): NodeProto[] => {
    const conv = byNode.get(current);
    if (conv === undefined) return [current];
    const { weights, bias } = weightsOf(conv);
    const { value, dims } = conv;
    const [weight, offset, product] = [`${value}_float_weight`, `${value}_float_bias`, `${value}_product`];
    added.push(floatTensor(weight, dims, weights), floatTensor(offset, [bias.length], bias));
    return [
      { ...current, input: [current.input[0] ?? '', weight, offset], output: [product] },
      makeNode('Mul', `${value}_keep`, [product, ONE], [...current.output]),
    ];
  });
  const pruned = prune({ ...graph, node, initializer: [...graph.initializer, ...added] });
  const one = { name: ONE, type: { tensorType: { elemType: DataType.float, shape: { dim: [] } } } };
  return { ...model, graph: { ...pruned, input: [...pruned.input, one] } };
}

/** An emitted model without the Q and DQ of its activations; outputs that were integers become floats of the same name. */
export function withFloatActivations(model: Model): Model {
  const { graph } = model;
  const index = indexGraph(graph);
  const source = new Map<string, string>();
  const dropped = new Set<NodeProto>();
  for (const node of graph.node) {
    const isPair = node.opType === 'QuantizeLinear' || node.opType === 'DequantizeLinear';
    const quantizer = node.opType === 'DequantizeLinear' ? index.producers.get(node.input[0] ?? '') : node;
    if (!isPair || quantizer?.opType !== 'QuantizeLinear' || index.initializers.has(quantizer.input[0] ?? '')) continue;
    dropped.add(node);
    source.set(node.output[0] ?? '', node.input[0] ?? '');
  }
  const resolve = (value: string): string => {
    const next = source.get(value);
    return next === undefined ? value : resolve(next);
  };
  const outputs = graph.output.flatMap(({ name = '' }) => (source.has(name) ? [name] : []));
  const kept = graph.node.filter((node) => !dropped.has(node)).map((node) => ({ ...node, input: node.input.map(resolve) }));
  const given = outputs.map((name) => makeNode('Identity', `${name}_float`, [resolve(name)], [name]));
  const output = graph.output.map((info) => ({
    ...info,
    type: { ...info.type, tensorType: { ...info.type?.tensorType, elemType: DataType.float } },
  }));
  return { ...model, graph: prune({ ...graph, node: [...kept, ...given], output }) };
}
