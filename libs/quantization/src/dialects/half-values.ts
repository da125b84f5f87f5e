import { DataType, float16Tensor, floatTensor, floatValues, toFloat16 } from '@takt/onnx';
import type { AttributeProto, NodeProto, TensorProto } from '@takt/onnx';

const LARGEST = 65504;
/** Smallest number above zero. */
const SMALLEST = 2 ** -24;

/** What half precision cannot hold, by the name of the constant. */
export interface HalfLosses {
  readonly clipped: Set<string>;
  readonly raised: Set<string>;
}

/** A FLOAT tensor as FLOAT16, rounded to nearest, ties to even. */
export function halfTensor(name: string, tensor: TensorProto, losses: HalfLosses): TensorProto {
  const values = floatValues(tensor);
  const label = tensor.name ?? name;
  const bits = Uint16Array.from(values, (value) => {
    if (Math.abs(value) > LARGEST) {
      losses.clipped.add(label);
      return toFloat16(Math.sign(value) * LARGEST);
    }
    const half = toFloat16(value);
    // One number alone is a divisor's guard or a factor: as zero it would change what the model does.
    if (values.length > 1 || value === 0 || (half & 0x7fff) !== 0) return half;
    losses.raised.add(label);
    return toFloat16(Math.sign(value) * SMALLEST);
  });
  return float16Tensor(name, tensor.dims, bits);
}

const TENSOR = 4;
const tensorAttribute = (name: string, t: TensorProto): AttributeProto => ({
  name,
  type: TENSOR,
  t,
  floats: [],
  ints: [],
  strings: [],
  graphs: [],
});

/** A node whose attributes make or hold float values, so that they are half ones. */
export function halfAttributes(node: NodeProto, losses: HalfLosses): NodeProto {
  const label = node.output[0] ?? '';
  const attribute = node.attribute.map((each): AttributeProto => {
    if (node.opType === 'Cast' && each.name === 'to' && each.i === BigInt(DataType.float)) return { ...each, i: BigInt(DataType.float16) };
    if (node.opType === 'Constant' && each.name === 'value_float')
      return tensorAttribute('value', halfTensor('', { ...floatTensor(label, [], Float32Array.of(each.f ?? 0)) }, losses));
    if (node.opType === 'Constant' && each.name === 'value_floats')
      return tensorAttribute('value', halfTensor('', floatTensor(label, [each.floats.length], Float32Array.from(each.floats)), losses));
    if (each.t?.dataType !== DataType.float) return each;
    return { ...each, t: halfTensor(each.t.name ?? '', { ...each.t, name: label }, losses) };
  });
  // Without a value it fills with float32 zeros.
  if (node.opType === 'ConstantOfShape' && attribute.length === 0)
    return { ...node, attribute: [tensorAttribute('value', halfTensor('', floatTensor(label, [1], Float32Array.of(0)), losses))] };
  return { ...node, attribute };
}
