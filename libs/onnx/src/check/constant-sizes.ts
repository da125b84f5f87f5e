import type { GraphIndex } from '../graph/graph-index.js';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { GraphProto, NodeProto } from '../proto/messages.js';
import { attributeOf, nodeLabel } from '../proto/node.js';
import { MAX_RANK } from '../proto/tensor.js';
import { ofInput, ofTensor, propagate } from './constant-value.js';
import type { KnownValue } from './constant-value.js';

/** Most bytes of one value that follows from the file alone. Grids and anchors of detectors have some hundred thousand. */
export const MAX_CONSTANT_BYTES = 256 * 2 ** 20;

/** Most bytes of all such values together, as an engine may hold all of them while it folds. */
const MAX_TOTAL_BYTES = 4 * MAX_CONSTANT_BYTES;

/** A value that comes from the image may be larger than the limit where the image is: so many times as large as the model's largest input. */
const GROWTH = 4;

/**
 * A file of a hundred bytes can ask an engine for terabytes: a constant shape filled, repeated, widened, or two columns multiplied.
 * Engines work such values out while they load a model. Here their sizes are worked out instead, from the shapes of constants and the
 * few numbers that shapes are made of. What is made of the image is followed up to the first operator without a rule (a convolution): it may
 * be widened, padded or resized before.
 *
 * @param graph with its nodes in an order in which each reads what was made before.
 * @throws TaktError `OnnxConstantTooLarge`, naming the node.
 */
export function checkConstantSizes({ node: nodes, input }: GraphProto, index: GraphIndex): void {
  const known = new Map<string, KnownValue>();
  for (const value of input) {
    const image = ofInput(value);
    if (image !== undefined) known.set(value.name ?? '', image);
  }
  for (const [name, tensor] of index.initializers) known.set(name, ofTensor(tensor));
  const images = input.map(({ name = '' }) => bytesOf(known.get(name) ?? NOTHING));
  const mostVariable = images.reduce((most, bytes) => Math.max(most, GROWTH * bytes), MAX_CONSTANT_BYTES);
  let total = 0;
  for (const node of nodes) {
    const value = node.opType === 'Constant' ? constant(node) : propagate(node, (name) => known.get(name));
    const output = node.output[0] ?? '';
    if (value === undefined || output === '') continue;
    const bytes = bytesOf(value);
    const variable = value.variable === true || value.atLeast === true;
    if (!variable) total += bytes;
    if (variable ? bytes > mostVariable : bytes > MAX_CONSTANT_BYTES || total > MAX_TOTAL_BYTES) {
      const label = nodeLabel(node);
      const size = Number.isFinite(bytes)
        ? `${String(Math.ceil((variable ? bytes : Math.max(bytes, total)) / 2 ** 20))} MiB`
        : 'more than any memory';
      throw onnxError(
        OnnxErrorCode.constantTooLarge,
        `${label} (${node.opType ?? ''}) makes ${size}${variable ? '' : ' out of constants'}${bytes > MAX_CONSTANT_BYTES ? '' : ' together with the nodes before it'}`,
        label,
      );
    }
    if (value.atLeast !== true && value.shape.length <= MAX_RANK) known.set(output, value);
  }
}

const NOTHING: KnownValue = { shape: [0], width: 1 };

const bytesOf = ({ shape, width }: KnownValue): number => shape.reduce((product, dim) => product * dim, width);

function constant(node: NodeProto): KnownValue | undefined {
  const tensor = attributeOf(node, 'value')?.t;
  if (tensor !== undefined) return ofTensor(tensor);
  const ints = attributeOf(node, 'value_ints')?.ints;
  if (ints !== undefined) return { shape: [ints.length], width: 8, numbers: ints.map(Number) };
  const int = attributeOf(node, 'value_int')?.i;
  if (int !== undefined) return { shape: [], width: 8, numbers: [Number(int)] };
  const floats = attributeOf(node, 'value_floats')?.floats;
  if (floats !== undefined) return { shape: [floats.length], width: 4, numbers: floats };
  const float = attributeOf(node, 'value_float')?.f;
  return float === undefined ? undefined : { shape: [], width: 4, numbers: [float] };
}
