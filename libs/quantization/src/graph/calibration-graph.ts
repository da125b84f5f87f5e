import { DataType, int64Tensor, makeNode, standardOpset } from '@takt/onnx';
import type { Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

/** One output that holds something of many values, one after the other. */
export interface PackedOutput {
  readonly name: string;
  /** The values, in order, and how many elements are of each. */
  readonly parts: readonly { readonly value: string; readonly length: number }[];
}

/**
 * Gives what a packed output holds of each value; `data` is shared, not copied.
 *
 * @throws RangeError where `data` has another length than the parts together.
 */
export function* unpack({ name, parts }: PackedOutput, data: Float32Array): Generator<readonly [value: string, part: Float32Array]> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (data.length !== length) throw new RangeError(`${name} has ${String(data.length)} elements, not ${String(length)}`);
  let at = 0;
  for (const part of parts) yield [part.value, data.subarray(at, (at += part.length))];
}

/** Dimensions of values by their names. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

const LARGEST_INT64 = 2n ** 63n - 1n;
/** From this opset on, reductions take their axes as an input. */
const AXES_AS_INPUT = 18;

const output = (name: string, elemType: DataType): ValueInfoProto => ({ name, type: { tensorType: { elemType } } });

/** Collects what is added to a model. */
class Additions {
  private readonly nodes: NodeProto[] = [];
  private readonly infos: ValueInfoProto[] = [];
  private readonly constants = new Map<string, TensorProto>();
  private readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }

  /** Adds a node of one output, called like it. */
  node(op: string, name: string, inputs: readonly string[], attributes: Parameters<typeof makeNode>[4] = {}): string {
    this.nodes.push(makeNode(op, name, inputs, [name], attributes));
    return name;
  }

  /** A constant of 64-bit integers. */
  integers(...values: readonly bigint[]): string {
    const name = `takt_${values.join('_')}`;
    this.constants.set(name, int64Tensor(name, [values.length], BigInt64Array.from(values)));
    return name;
  }

  give(name: string, type: DataType = DataType.float): void {
    this.infos.push(output(name, type));
  }

  /** Over axis 1. */
  reduceRows(op: string, name: string, value: string): string {
    return (standardOpset(this.model) ?? 0) >= AXES_AS_INPUT
      ? this.node(op, name, [value, this.integers(1n)], { keepdims: 0n })
      : this.node(op, name, [value], { axes: [1n], keepdims: 0n });
  }

  extended(): Model {
    const { graph } = this.model;
    const known = new Set(graph.initializer.map(({ name }) => name));
    return {
      ...this.model,
      graph: {
        ...graph,
        node: [...graph.node, ...this.nodes],
        output: [...graph.output, ...this.infos],
        initializer: [...graph.initializer, ...[...this.constants.values()].filter(({ name }) => !known.has(name))],
      },
    };
  }
}

/** A model that also gives the shape of each value, and the output for each. */
export function withShapes(
  model: Model,
  values: Iterable<string>,
): { readonly model: Model; readonly outputs: ReadonlyMap<string, string> } {
  const added = new Additions(model);
  const outputs = new Map<string, string>();
  for (const value of values) outputs.set(value, added.node('Shape', `takt_shape_${String(outputs.size)}`, [value]));
  for (const name of outputs.values()) added.give(name, DataType.int64);
  return { model: added.extended(), outputs };
}

/**
 * A model that also gives the smallest and the largest element of each value: of each channel (axis 1 of a value with one
 * image) where it is in `byChannel`, of the whole value otherwise, which is half the work.
 */
export function withExtremes(
  model: Model,
  shapes: Shapes,
  byChannel: ReadonlySet<string>,
): { readonly model: Model; readonly lows: PackedOutput; readonly highs: PackedOutput } {
  const added = new Additions(model);
  const parts = [...shapes].map(([value, dims]) => ({ value, length: byChannel.has(value) ? (dims[1] ?? 1) : 1 }));
  const rows = parts.map(({ value, length }, i) =>
    added.node('Reshape', `takt_rows_${String(i)}`, [value, added.integers(BigInt(length), -1n)]),
  );
  const reduced = (op: string, name: string): PackedOutput => {
    const reductions = rows.map((value, i) => added.reduceRows(op, `${name}_${String(i)}`, value));
    added.give(added.node('Concat', name, reductions, { axis: 0n }));
    return { name, parts };
  };
  const lows = reduced('ReduceMin', 'takt_lows');
  const highs = reduced('ReduceMax', 'takt_highs');
  return { model: added.extended(), lows, highs };
}

/**
 * A model that also gives the mean of every channel (axis 1) of each rank-4 value, as a pooling: ONNX Runtime pools in the
 * blocked layout of its convolutions, whereas for a reduction it would write the whole value once more.
 */
export function withMeans(model: Model, shapes: Shapes): { readonly model: Model; readonly means: PackedOutput } {
  const added = new Additions(model);
  const parts = [...shapes].map(([value, dims]) => ({ value, length: dims[1] ?? 1 }));
  const pooled = parts.map(({ value }, i) => added.node('GlobalAveragePool', `takt_mean_${String(i)}`, [value]));
  const name = 'takt_means';
  added.give(added.node('Concat', name, pooled, { axis: 1n }));
  return { model: added.extended(), means: { name, parts } };
}

/**
 * A model that also gives at most `most` elements of each value, in equal steps through its memory, so that no more leaves the
 * engine than a histogram needs.
 */
export function withSamples(model: Model, shapes: Shapes, most: number): { readonly model: Model; readonly samples: PackedOutput } {
  const added = new Additions(model);
  const zero = added.integers(0n);
  const parts: { value: string; length: number }[] = [];
  const pieces = [...shapes].map(([value, dims], i) => {
    const stride = sampleStride(dims, most);
    parts.push({ value, length: Math.ceil(sizeOf(dims) / stride) });
    const flat = added.node('Reshape', `takt_flat_${String(i)}`, [value, added.integers(-1n)]);
    const bounds = [zero, added.integers(LARGEST_INT64), zero, added.integers(BigInt(stride))];
    return added.node('Slice', `takt_sample_${String(i)}`, [flat, ...bounds]);
  });
  const name = 'takt_samples';
  added.give(added.node('Concat', name, pieces, { axis: 0n }));
  return { model: added.extended(), samples: { name, parts } };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1);

/**
 * Elements of one value that all images together give at most. The rare large values decide where a range is cut, so the number
 * matters: from all elements one tie group in ten has a range that differs by more than 11–19 % (two YOLOv5n and a YOLOX-nano).
 */
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
  let stride = Math.ceil(sizeOf(shape) / most);
  if (stride <= 1) return 1;
  const plane = sizeOf(shape.slice(-2));
  while (greatestCommonDivisor(stride, plane) !== 1) stride += 1;
  return stride;
}

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
