import { DataType, int64Tensor, makeNode, standardOpset } from '@takt/onnx';
import type { Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

/** Names of what the first pass gives of one value. */
export interface ExtremesOutputs {
  readonly min: string;
  readonly max: string;
  readonly shape: string;
  readonly means?: string;
  /** Extremes of each channel. */
  readonly ranges?: { readonly low: string; readonly high: string };
}

/** A model that also gives what calibration wants to know of its values, and the names of that by value. */
export interface CalibrationGraph<T> {
  readonly model: Model;
  readonly outputs: ReadonlyMap<string, T>;
}

const LARGEST_INT64 = 2n ** 63n - 1n;
/** From this opset on, reductions take their axes as an input. */
const AXES_AS_INPUT = 18;

const output = (name: string, elemType: DataType): ValueInfoProto => ({ name, type: { tensorType: { elemType } } });

/**
 * Pass 1: the smallest and largest element and the shape of every value, and the mean or extremes of every channel (axis 1 of a
 * rank-4 value) where asked for. The values themselves stay inside the engine.
 */
export function withExtremes(
  model: Model,
  values: readonly string[],
  perChannel: { readonly means: ReadonlySet<string>; readonly ranges: ReadonlySet<string> },
): CalibrationGraph<ExtremesOutputs> {
  const nodes: NodeProto[] = [];
  const infos: ValueInfoProto[] = [];
  const outputs = new Map<string, ExtremesOutputs>();
  const axesAsInput = (standardOpset(model) ?? 0) >= AXES_AS_INPUT;
  const give = (node: NodeProto, type: DataType): string => {
    const name = node.output[0] ?? '';
    nodes.push(node);
    infos.push(output(name, type));
    return name;
  };
  const reduce = (op: string, name: string, value: string): string =>
    give(makeNode(op, name, [value], [name], { keepdims: 0n }), DataType.float);
  const reducePlanes = (op: string, name: string, value: string): string =>
    give(
      axesAsInput
        ? makeNode(op, name, [value, 'takt_axes'], [name], { keepdims: 0n })
        : makeNode(op, name, [value], [name], { axes: [0n, 2n, 3n], keepdims: 0n }),
      DataType.float,
    );
  values.forEach((value, i) => {
    const n = String(i);
    const shape = `takt_shape_${n}`;
    outputs.set(value, {
      min: reduce('ReduceMin', `takt_min_${n}`, value),
      max: reduce('ReduceMax', `takt_max_${n}`, value),
      shape: give(makeNode('Shape', shape, [value], [shape]), DataType.int64),
      ...(perChannel.means.has(value) ? { means: reducePlanes('ReduceMean', `takt_mean_${n}`, value) } : {}),
      ...(perChannel.ranges.has(value)
        ? { ranges: { low: reducePlanes('ReduceMin', `takt_low_${n}`, value), high: reducePlanes('ReduceMax', `takt_high_${n}`, value) } }
        : {}),
    });
  });
  const initializers = axesAsInput ? [int64Tensor('takt_axes', [3], BigInt64Array.of(0n, 2n, 3n))] : [];
  return { model: extend(model, nodes, infos, initializers), outputs };
}

/**
 * Pass 2: every `strides[value]`-th element of each value in memory order, so that no more leaves the engine than a
 * histogram needs.
 */
export function withSamples(model: Model, strides: ReadonlyMap<string, number>): CalibrationGraph<string> {
  const nodes: NodeProto[] = [];
  const infos: ValueInfoProto[] = [];
  const initializers: TensorProto[] = [
    int64Tensor('takt_flat', [1], BigInt64Array.of(-1n)),
    int64Tensor('takt_zero', [1], BigInt64Array.of(0n)),
    int64Tensor('takt_end', [1], BigInt64Array.of(LARGEST_INT64)),
  ];
  const outputs = new Map<string, string>();
  for (const stride of new Set(strides.values()))
    initializers.push(int64Tensor(`takt_stride_${String(stride)}`, [1], BigInt64Array.of(BigInt(stride))));
  let i = 0;
  for (const [value, stride] of strides) {
    const flat = `takt_flat_${String(i)}`;
    const sample = `takt_sample_${String(i)}`;
    nodes.push(
      makeNode('Reshape', flat, [value, 'takt_flat'], [flat]),
      makeNode('Slice', sample, [flat, 'takt_zero', 'takt_end', 'takt_zero', `takt_stride_${String(stride)}`], [sample]),
    );
    infos.push(output(sample, DataType.float));
    outputs.set(value, sample);
    i += 1;
  }
  return { model: extend(model, nodes, infos, initializers), outputs };
}

const extend = (
  model: Model,
  nodes: readonly NodeProto[],
  infos: readonly ValueInfoProto[],
  initializers: readonly TensorProto[],
): Model => ({
  ...model,
  graph: {
    ...model.graph,
    node: [...model.graph.node, ...nodes],
    output: [...model.graph.output, ...infos],
    initializer: [...model.graph.initializer, ...initializers],
  },
});

/** Largest number of elements that one value gives per image. */
export const SAMPLES_PER_VALUE = 16_384;

/**
 * Step that leaves at most {@link SAMPLES_PER_VALUE} elements and shares no factor with the last two dimensions, so that the
 * sample walks over all rows and columns instead of reading the same ones in every channel.
 */
export function sampleStride(shape: readonly number[]): number {
  const count = shape.reduce((product, dim) => product * dim, 1);
  let stride = Math.ceil(count / SAMPLES_PER_VALUE);
  if (stride <= 1) return 1;
  const plane = shape.slice(-2).reduce((product, dim) => product * dim, 1);
  while (greatestCommonDivisor(stride, plane) !== 1) stride += 1;
  return stride;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
