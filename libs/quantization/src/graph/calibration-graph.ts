import { DataType, int64Tensor, makeNode, standardOpset } from '@takt/onnx';
import type { Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

/** Names of what a run gives of one value. */
export interface ExtremesOutputs {
  readonly min: string;
  readonly max: string;
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

/** Collects nodes whose outputs the extended model gives. */
class Outputs {
  readonly nodes: NodeProto[] = [];
  readonly infos: ValueInfoProto[] = [];
  readonly initializers: TensorProto[];
  private readonly axesAsInput: boolean;

  constructor(model: Model) {
    this.axesAsInput = (standardOpset(model) ?? 0) >= AXES_AS_INPUT;
    this.initializers = this.axesAsInput ? [int64Tensor('takt_axes', [3], BigInt64Array.of(0n, 2n, 3n))] : [];
  }

  give(node: NodeProto, type: DataType = DataType.float): string {
    const name = node.output[0] ?? '';
    this.nodes.push(node);
    this.infos.push(output(name, type));
    return name;
  }

  /** Over all elements. */
  reduce(op: string, name: string, value: string): string {
    return this.give(makeNode(op, name, [value], [name], { keepdims: 0n }));
  }

  /** Over all but axis 1 of a rank-4 value. */
  reducePlanes(op: string, name: string, value: string): string {
    const node = this.axesAsInput
      ? makeNode(op, name, [value, 'takt_axes'], [name], { keepdims: 0n })
      : makeNode(op, name, [value], [name], { axes: [0n, 2n, 3n], keepdims: 0n });
    return this.give(node);
  }
}

/** The shape of every value. */
export function withShapes(model: Model, values: readonly string[]): CalibrationGraph<string> {
  const added = new Outputs(model);
  const outputs = new Map<string, string>();
  for (const value of values) {
    const name = `takt_shape_${String(outputs.size)}`;
    outputs.set(value, added.give(makeNode('Shape', name, [value], [name]), DataType.int64));
  }
  return { model: extend(model, added.nodes, added.infos, []), outputs };
}

/**
 * The smallest and largest element of every value, and the extremes of every channel (axis 1 of a rank-4 value) where asked
 * for. The values themselves stay inside the engine.
 */
export function withExtremes(
  model: Model,
  values: readonly string[],
  channelRanges: ReadonlySet<string>,
): CalibrationGraph<ExtremesOutputs> {
  const added = new Outputs(model);
  const outputs = new Map<string, ExtremesOutputs>();
  values.forEach((value, i) => {
    const n = String(i);
    outputs.set(value, {
      min: added.reduce('ReduceMin', `takt_min_${n}`, value),
      max: added.reduce('ReduceMax', `takt_max_${n}`, value),
      ...(channelRanges.has(value)
        ? {
            ranges: {
              low: added.reducePlanes('ReduceMin', `takt_low_${n}`, value),
              high: added.reducePlanes('ReduceMax', `takt_high_${n}`, value),
            },
          }
        : {}),
    });
  });
  return { model: extend(model, added.nodes, added.infos, added.initializers), outputs };
}

/**
 * The mean of every channel (axis 1 of a rank-4 value), as a pooling: ONNX Runtime pools in the blocked layout of its
 * convolutions, whereas for a reduction it would write the whole value once more.
 */
export function withMeans(model: Model, values: Iterable<string>): CalibrationGraph<string> {
  const added = new Outputs(model);
  const outputs = new Map<string, string>();
  for (const value of values) {
    const name = `takt_mean_${String(outputs.size)}`;
    outputs.set(value, added.give(makeNode('GlobalAveragePool', name, [value], [name])));
  }
  return { model: extend(model, added.nodes, added.infos, []), outputs };
}

/**
 * Every `strides[value]`-th element of each value in memory order, so that no more leaves the engine than a histogram needs.
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

/** Elements of one value that all images together give at most: more would move no range that 2048 bins can tell. */
const SAMPLES_PER_VALUE = 524_288;
const MOST_PER_IMAGE = 16_384;
const LEAST_PER_IMAGE = 512;

/** Elements of one value that each of so many images gives at most. */
export const samplesPerImage = (images: number): number =>
  Math.min(MOST_PER_IMAGE, Math.max(LEAST_PER_IMAGE, Math.ceil(SAMPLES_PER_VALUE / images)));

/**
 * Step that leaves at most `most` elements and shares no factor with the last two dimensions, so that the
 * sample walks over all rows and columns instead of reading the same ones in every channel.
 */
export function sampleStride(shape: readonly number[], most: number): number {
  const count = shape.reduce((product, dim) => product * dim, 1);
  let stride = Math.ceil(count / most);
  if (stride <= 1) return 1;
  const plane = shape.slice(-2).reduce((product, dim) => product * dim, 1);
  while (greatestCommonDivisor(stride, plane) !== 1) stride += 1;
  return stride;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
