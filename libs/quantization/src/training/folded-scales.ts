import { DataType, attributeOf, floatValues } from '@takt/onnx';
import type { GraphIndex, NodeProto } from '@takt/onnx';

/** Scales per output channel; null where training used a grid that takt has no use for. */
type Scales = readonly number[] | null;

const EPSILON = 1e-5;

/**
 * Scales of a convolution's weights under each name that the convolution may have after folding: ONNX Runtime's basic optimization puts a
 * batch normalization, an addition or a multiplication by constants into the convolution before it, which then makes the value that
 * they made. What multiplies a channel multiplies its scale: the integers stay those of the training.
 *
 * @param value what the convolution makes.
 */
export function foldedScales(value: string, scales: Scales, index: GraphIndex): ReadonlyMap<string, Scales> {
  const known = new Map<string, Scales>([[value, scales]]);
  for (let [current, at] = [value, scales]; !index.outputs.has(current);) {
    const [use, ...others] = index.usesOf(current);
    if (use === undefined || others.length > 0) break;
    const factors = factorsOf(use.node, current, index);
    if (factors === undefined) break;
    current = use.node.output[0] ?? '';
    at = at === null ? null : scaled(at, factors);
    known.set(current, at);
  }
  return known;
}

/** What a node multiplies each channel by, one for each or one for all; undefined for a node that is not folded. */
function factorsOf(node: NodeProto, value: string, { initializers }: GraphIndex): ArrayLike<number> | undefined {
  const { opType, input } = node;
  const floats = (name: string | undefined): Float32Array | undefined => {
    const tensor = initializers.get(name ?? '');
    return tensor?.dataType === DataType.float ? floatValues(tensor) : undefined;
  };
  if (opType === 'BatchNormalization') {
    const [gamma, variance] = [floats(input[1]), floats(input[4])];
    const epsilon = attributeOf(node, 'epsilon')?.f ?? EPSILON;
    return gamma && variance && gamma.map((factor, channel) => factor / Math.sqrt((variance[channel] ?? 0) + epsilon));
  }
  if (opType !== 'Add' && opType !== 'Mul') return undefined;
  const constant = floats(input[input[0] === value ? 1 : 0]);
  return constant !== undefined && opType === 'Add' ? [1] : constant;
}

/** Null where the factors are not one for each channel. A channel times zero may have any scale. */
function scaled(scales: readonly number[], factors: ArrayLike<number>): Scales {
  if (factors.length !== 1 && factors.length !== scales.length) return null;
  const folded = scales.map((scale, channel) => {
    const factor = Math.abs(factors[factors.length === 1 ? 0 : channel] ?? 0);
    return factor === 0 ? scale : Math.fround(scale * factor);
  });
  return folded.every((scale) => scale > 0 && Number.isFinite(scale)) ? folded : null;
}
