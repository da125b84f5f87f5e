import { fromFloat16 } from '../proto/float16.js';
import { DataType } from '../proto/messages.js';
import type { AttributeProto, NodeProto, TensorProto, ValueInfoProto } from '../proto/messages.js';
import type { Model } from '../proto/model-file.js';
import { checkModelSize } from '../proto/model-file.js';
import { attributeOf } from '../proto/node.js';
import { checkTensor, floatTensor } from '../proto/tensor.js';
import { dropCasts } from './drop-casts.js';

const isHalf = (type: number | undefined): boolean => type === DataType.float16;
const isHalfValue = ({ type }: ValueInfoProto): boolean => isHalf(type?.tensorType?.elemType);

/** Attributes that name the type of what an operator makes. */
const TYPE_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['Cast', 'to'],
  ...['Bernoulli', 'EyeLike', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'].map((op) => [op, 'dtype'] as const),
  ...['BlackmanWindow', 'HammingWindow', 'HannWindow', 'MelWeightMatrix'].map((op) => [op, 'output_datatype'] as const),
]);

const makesHalf = (node: NodeProto, attribute: AttributeProto): boolean =>
  isHalf(attribute.t?.dataType) || (TYPE_ATTRIBUTES.get(node.opType ?? '') === attribute.name && attribute.i === BigInt(DataType.float16));

/** Whether inputs or outputs of a model are float16, which takt's engines are never given. */
export const hasHalfInterface = ({ graph }: Model): boolean => [...graph.input, ...graph.output].some(isHalfValue);

/** Whether anything in a model is float16. */
export const hasHalf = (model: Model): boolean =>
  hasHalfInterface(model) ||
  model.graph.initializer.some(({ dataType }) => isHalf(dataType)) ||
  model.graph.node.some((node) => node.attribute.some((attribute) => makesHalf(node, attribute)));

/**
 * A model in half precision as the same model in float32: constants, inputs and outputs are FLOAT, each with exactly the number that it
 * had, and the Casts between the two that do nothing any more are gone. Intermediate values are no longer rounded to 11 bits, nor
 * infinite beyond 65504, so that it is at least as accurate. Names of inputs, outputs, layers and weights stay.
 *
 * @param model a model that passed `checkModel`.
 * @throws TaktError `OnnxTooLarge` where it would not fit into a file.
 */
export function toFloat32(model: Model): Model {
  const { graph } = model;
  const halfBytes = graph.initializer.reduce((sum, { dataType, rawData }) => sum + (isHalf(dataType) ? (rawData?.length ?? 0) : 0), 0);
  checkModelSize(2 * halfBytes, 'the model in float32');
  const casted = dropCasts({
    ...graph,
    initializer: graph.initializer.map(floatOf),
    node: graph.node.map(nodeInFloat),
    input: graph.input.map(valueInFloat),
    output: graph.output.map(valueInFloat),
    valueInfo: graph.valueInfo.map(valueInFloat),
  });
  return { ...model, graph: casted };
}

function nodeInFloat(node: NodeProto): NodeProto {
  const named = TYPE_ATTRIBUTES.get(node.opType ?? '');
  const half = named !== undefined && attributeOf(node, named)?.i === BigInt(DataType.float16);
  if (!half && !node.attribute.some(({ t }) => isHalf(t?.dataType))) return node;
  const attribute = node.attribute.map((each): AttributeProto => {
    if (each.t !== undefined) return { ...each, t: floatOf(each.t) };
    return half && each.name === named ? { ...each, i: BigInt(DataType.float) } : each;
  });
  return { ...node, attribute };
}

/** A tensor in float32 where it is in float16; any other comes back as it is. */
function floatOf(tensor: TensorProto): TensorProto {
  if (!isHalf(tensor.dataType)) return tensor;
  checkTensor(tensor);
  return floatTensor(tensor.name ?? '', tensor.dims, Float32Array.from(halfBits(tensor), fromFloat16));
}

/** Binary16 bits: two bytes each, or the low half of an int32. */
function halfBits({ rawData, int32Data }: TensorProto): Uint16Array {
  if (rawData === undefined || rawData.length === 0) return Uint16Array.from(int32Data);
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Uint16Array.from({ length: rawData.length / 2 }, (_, i) => view.getUint16(2 * i, true));
}

function valueInFloat(value: ValueInfoProto): ValueInfoProto {
  if (!isHalfValue(value)) return value;
  return { ...value, type: { ...value.type, tensorType: { ...value.type?.tensorType, elemType: DataType.float } } };
}
