import { DataType } from '../proto/messages.js';
import type { NodeProto, TensorProto, ValueInfoProto } from '../proto/messages.js';
import { ELEMENT_BITS } from '../proto/element-types.js';
import { attributeOf, intAttribute } from '../proto/node.js';
import { floatValues, int32Values, int64Values } from '../proto/tensor.js';

/** What is known of a value without running the model. */
export interface KnownValue {
  /** Dimensions; rank 0 for a single number. */
  readonly shape: readonly number[];
  /** Bytes of one element. */
  readonly width: number;
  /** Its numbers in row-major order, where there are at most {@link MOST_NUMBERS} and they are known. */
  readonly numbers?: readonly number[] | undefined;
  /** Set where the value comes from the image: its shape is known, its numbers never. */
  readonly variable?: boolean;
  /** Set where the value depends on the image: it has at least this size, and nothing more is known of it. */
  readonly atLeast?: boolean;
}

/** Shapes, repeats, scales and pads are this short. */
const MOST_NUMBERS = 64;

/** A tensor of the file, which must have passed its check. */
export function ofTensor(tensor: TensorProto): KnownValue {
  const bits = ELEMENT_BITS[tensor.dataType ?? 0] ?? 8;
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  return {
    shape: tensor.dims,
    width: Number.isFinite(bits) ? bits / 8 : 1,
    numbers: count <= MOST_NUMBERS ? numbersOf(tensor) : undefined,
  };
}

/** An input whose shape is given as numbers. */
export function ofInput({ type }: ValueInfoProto): KnownValue | undefined {
  const dims = type?.tensorType?.shape?.dim;
  if (dims === undefined || !dims.every(({ dimValue }) => dimValue !== undefined && dimValue >= 0)) return undefined;
  const bits = ELEMENT_BITS[type?.tensorType?.elemType ?? DataType.float] ?? 8;
  return { shape: dims.map(({ dimValue = 0 }) => dimValue), width: Number.isFinite(bits) ? bits / 8 : 1, variable: true };
}

function numbersOf(tensor: TensorProto): readonly number[] | undefined {
  switch (tensor.dataType) {
    case DataType.int64:
      return Array.from(int64Values(tensor), Number);
    case DataType.int32:
      return Array.from(int32Values(tensor));
    case DataType.float:
      return Array.from(floatValues(tensor));
    default:
      return undefined;
  }
}

type Known = (name: string) => KnownValue | undefined;
type Rule = (node: NodeProto, inputs: readonly (KnownValue | undefined)[]) => KnownValue | undefined;

/** What a node makes, as far as the constants among its inputs tell; undefined where they do not, or for operators without a rule. */
export function propagate(node: NodeProto, known: Known): KnownValue | undefined {
  const rule = RULES.get(node.opType ?? '');
  // No operator with a rule reads so many values, except Concat, which has a bound of its own by what it makes.
  const inputs = node.input.map((name) => known(name));
  const value = rule?.(node, inputs);
  // The shape of an image is a constant.
  const variable = inputs.some((input) => input?.variable === true) && !READS_SHAPE.has(node.opType ?? '');
  return value === undefined || !variable ? value : { ...value, variable };
}

const READS_SHAPE: ReadonlySet<string> = new Set(['Shape', 'Size']);

const FLOAT_WIDTH = 4;
const INT64_WIDTH = 8;

/** A value that comes from the image counts as floats, and its dimensions as ones. */
const floatsUnless = (value: KnownValue | undefined): Pick<KnownValue, 'width' | 'atLeast'> =>
  value === undefined ? { width: FLOAT_WIDTH, atLeast: true } : { width: value.width };

/** A shape that is given as numbers; negative ones count as nothing, as takt only asks how large a value is at least. */
const asShape = (value: KnownValue | undefined): readonly number[] | undefined =>
  value?.numbers?.map((dim) => Math.max(0, Math.trunc(dim)));

/** The shape that both fit, by ONNX's multidirectional broadcasting; undefined where they do not. */
function broadcast(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let i = 0; i < rank; i += 1) {
    const [x, y] = [a[i - rank + a.length] ?? 1, b[i - rank + b.length] ?? 1];
    if (x !== y && x !== 1 && y !== 1) return undefined;
    shape.push(x === 1 ? y : x);
  }
  return shape;
}

const elementwise =
  (width?: number, compute?: (a: number, b: number) => number): Rule =>
  (_, inputs) => {
    const [first] = inputs;
    if (first === undefined || inputs.length === 0) return undefined;
    let { shape } = first;
    for (const input of inputs.slice(1)) {
      const both = input === undefined ? undefined : broadcast(shape, input.shape);
      if (both === undefined) return undefined;
      shape = both;
    }
    const [a, b] = [first.numbers, inputs[1]?.numbers];
    const numbers = compute !== undefined && a !== undefined && b !== undefined && inputs.length === 2 ? zip(a, b, compute) : undefined;
    return { shape, width: width ?? Math.max(...inputs.map((input) => input?.width ?? 0)), numbers };
  };

function zip(a: readonly number[], b: readonly number[], compute: (a: number, b: number) => number): readonly number[] | undefined {
  if (a.length !== b.length && a.length !== 1 && b.length !== 1) return undefined;
  return Array.from({ length: Math.max(a.length, b.length) }, (_, i) =>
    compute(a[a.length === 1 ? 0 : i] ?? 0, b[b.length === 1 ? 0 : i] ?? 0),
  );
}

const sameShape: Rule = (_, [value]) => value && { shape: value.shape, width: value.width };
const passedOn: Rule = (_, [value]) => value;

/** As many values in another shape. */
const reshaped: Rule = (_, [value, target]) => {
  if (value === undefined) return undefined;
  const count = value.shape.reduce((product, dim) => product * dim, 1);
  const given = target?.numbers;
  if (given === undefined) return undefined;
  const rest = given.reduce((product, dim, i) => product * (dim > 0 ? dim : dim === 0 ? (value.shape[i] ?? 1) : 1), 1);
  const shape = given.map((dim, i) => (dim > 0 ? dim : dim === 0 ? (value.shape[i] ?? 1) : rest > 0 ? count / rest : 0));
  return { ...value, shape };
};

const transposed: Rule = (node, [value]) => {
  if (value === undefined) return undefined;
  const order = attributeOf(node, 'perm')?.ints.map(Number) ?? value.shape.map((_, i) => value.shape.length - 1 - i);
  return { shape: order.map((axis) => value.shape[axis] ?? 1), width: value.width };
};

const unsqueezed: Rule = (node, [value, axes]) => {
  if (value === undefined) return undefined;
  const given = axes?.numbers ?? attributeOf(node, 'axes')?.ints.map(Number);
  if (given === undefined || given.length > MOST_NUMBERS) return undefined;
  const rank = value.shape.length + given.length;
  const added = new Set(given.map((axis) => (axis < 0 ? axis + rank : axis)));
  const rest = [...value.shape];
  return { ...value, shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) };
};

const squeezed: Rule = (node, [value, axes]) => {
  if (value === undefined) return undefined;
  const given = node.input.length > 1 ? axes?.numbers : attributeOf(node, 'axes')?.ints.map(Number);
  if (given === undefined && node.input.length > 1) return undefined;
  const removed = new Set(given?.map((axis) => (axis < 0 ? axis + value.shape.length : axis)));
  return { ...value, shape: value.shape.filter((dim, i) => (given === undefined ? dim !== 1 : !removed.has(i))) };
};

const filled: Rule = (node, [target]) => {
  const shape = asShape(target);
  const width = (ELEMENT_BITS[attributeOf(node, 'value')?.t?.dataType ?? DataType.float] ?? 8) / 8;
  return shape && { shape, width: Number.isFinite(width) ? width : 1 };
};

/** The data may come from the image: its shape is at least that of one number. */
const expanded: Rule = (_, [value, target]) => {
  const shape = asShape(target);
  return shape && { shape: broadcast(value?.shape ?? [], shape) ?? shape, ...floatsUnless(value) };
};

const tiled: Rule = (_, [value, repeats]) => {
  const times = asShape(repeats);
  return times && { shape: times.map((n, i) => n * (value?.shape[i] ?? 1)), ...floatsUnless(value) };
};

const range: Rule = (_, [start, limit, delta]) => {
  const [from, to, by] = [start?.numbers?.[0], limit?.numbers?.[0], delta?.numbers?.[0]];
  if (from === undefined || to === undefined || by === undefined) return undefined;
  return { shape: [Math.max(0, Math.ceil((to - from) / by) || 0)], width: start?.width ?? INT64_WIDTH };
};

const concatenated: Rule = (node, inputs) => {
  const [first] = inputs;
  if (first === undefined || !inputs.every((input) => input !== undefined)) return undefined;
  const axis = intAttribute(node, 'axis', 0);
  const at = axis < 0 ? axis + first.shape.length : axis;
  const length = inputs.reduce((sum, input) => sum + (input.shape[at] ?? 0), 0);
  const numbers = first.shape.length === 1 && length <= MOST_NUMBERS ? joined(inputs) : undefined;
  return { shape: first.shape.map((dim, i) => (i === at ? length : dim)), width: first.width, numbers };
};

const joined = (values: readonly KnownValue[]): readonly number[] | undefined =>
  values.every(({ numbers }) => numbers !== undefined) ? values.flatMap(({ numbers }) => numbers ?? []) : undefined;

const multiplied: Rule = (_, [a, b]) => {
  if (a === undefined || b === undefined || a.shape.length < 2 || b.shape.length < 2) return undefined;
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return batch && { shape: [...batch, a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1], width: a.width };
};

const padded: Rule = (node, [value, given]) => {
  const pads = given?.numbers ?? attributeOf(node, 'pads')?.ints.map(Number);
  if (pads === undefined) return undefined;
  const rank = pads.length / 2;
  const shape = Array.from({ length: Math.floor(rank) }, (_, i) =>
    Math.max(0, (value?.shape[i] ?? 1) + (pads[i] ?? 0) + (pads[i + rank] ?? 0)),
  );
  return { shape, ...floatsUnless(value) };
};

/** Without the size of what is resized, the scales alone: each value becomes so many. */
const resized: Rule = (node, inputs) => {
  const [value] = inputs;
  const [scales, sizes] = node.opType === 'Upsample' || inputs.length === 2 ? [inputs[1], undefined] : [inputs[2], inputs[3]];
  const target = asShape(sizes);
  if (target !== undefined && target.length > 0) return { shape: target, ...floatsUnless(value) };
  const factors = scales?.numbers;
  return factors && { shape: factors.map((factor, i) => Math.max(0, Math.floor(factor * (value?.shape[i] ?? 1)))), ...floatsUnless(value) };
};

const oneHot: Rule = (_, [indices, depth]) => {
  const count = depth?.numbers?.[0];
  return count === undefined ? undefined : { shape: [...(indices?.shape ?? []), Math.max(0, count)], ...floatsUnless(indices) };
};

const gathered: Rule = (node, [value, indices]) => {
  if (value === undefined || indices === undefined) return undefined;
  const axis = intAttribute(node, 'axis', 0);
  const at = axis < 0 ? axis + value.shape.length : axis;
  const { numbers } = value;
  const picked =
    numbers !== undefined && value.shape.length === 1
      ? indices.numbers?.map((i) => numbers[i < 0 ? i + numbers.length : i] ?? 0)
      : undefined;
  return { shape: [...value.shape.slice(0, at), ...indices.shape, ...value.shape.slice(at + 1)], width: value.width, numbers: picked };
};

const shapeOf: Rule = (_, [value]) =>
  value && { shape: [value.shape.length], width: INT64_WIDTH, numbers: value.shape.length <= MOST_NUMBERS ? value.shape : undefined };
const sizeOf: Rule = (_, [value]) =>
  value && { shape: [], width: INT64_WIDTH, numbers: [value.shape.reduce((product, dim) => product * dim, 1)] };

const cast: Rule = (node, [value]) => {
  const bits = ELEMENT_BITS[intAttribute(node, 'to', DataType.float)] ?? 8;
  return value && { ...value, width: Number.isFinite(bits) ? bits / 8 : 1 };
};

const each = (operators: string, rule: Rule): (readonly [string, Rule])[] => operators.split(' ').map((operator) => [operator, rule]);

/** By operator; all others end what is known. */
const RULES: ReadonlyMap<string, Rule> = new Map([
  ...each(
    'Add',
    elementwise(undefined, (a, b) => a + b),
  ),
  ...each(
    'Sub',
    elementwise(undefined, (a, b) => a - b),
  ),
  ...each(
    'Mul',
    elementwise(undefined, (a, b) => a * b),
  ),
  ...each(
    'Div',
    elementwise(undefined, (a, b) => (b === 0 ? 0 : a / b)),
  ),
  ...each(
    'Pow',
    elementwise(undefined, (a, b) => a ** b),
  ),
  ...each('Max', elementwise(undefined, Math.max)),
  ...each('Min', elementwise(undefined, Math.min)),
  ...each('Mod PRelu Sum Mean Where BitwiseAnd BitwiseOr BitwiseXor BitShift', elementwise()),
  ...each('And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual', elementwise(1)),
  ...each(
    'Abs Ceil Clip Cos CumSum Erf Exp Floor LeakyRelu Log Neg Not Reciprocal Relu Round Sigmoid Sign Sin Softmax Sqrt Tanh',
    sameShape,
  ),
  ...each('Identity', passedOn),
  ...each('Cast', cast),
  ...each('Reshape', reshaped),
  ...each('Squeeze', squeezed),
  ...each('Unsqueeze', unsqueezed),
  ...each('Transpose', transposed),
  ...each('ConstantOfShape', filled),
  ...each('Expand', expanded),
  ...each('Tile', tiled),
  ...each('Range', range),
  ...each('Concat', concatenated),
  ...each('MatMul', multiplied),
  ...each('Pad', padded),
  ...each('Resize Upsample', resized),
  ...each('OneHot', oneHot),
  ...each('Gather', gathered),
  ...each('Shape', shapeOf),
  ...each('Size', sizeOf),
]);
