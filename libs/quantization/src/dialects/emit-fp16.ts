import { DataType, makeNode } from '@takt/onnx';
import type { GraphProto, Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';
import { toPortableModel } from '../graph/portable-model.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';
import { halfAttributes, halfTensor } from './half-values.js';
import { lowerOpset } from './lower-opset.js';
import { isDequantize, isQuantize } from './violation.js';

export interface Fp16Options {
  /** Inputs and outputs in float16 too. Default false: they stay float32, behind Cast. */
  readonly halfInterface?: boolean;
}

export interface Fp16Model {
  readonly model: Model;
  /** Constants with values beyond ±65504, which were clipped to that. */
  readonly clipped: readonly string[];
  /** Single numbers too small for half precision, which became its smallest one instead of zero. */
  readonly raised: readonly string[];
}

/** Newest opset that the front end of OpenVINO 2022.3 reads, the last one with a MYRIAD plugin. */
export const FP16_OPSET = 15;

/**
 * Inputs that ONNX's schemas want in float32 whatever the rest computes in, by operator: scales, and all of the suppression, which
 * some exporters leave in the graph.
 */
const FLOAT32_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [2], Upsample: [1], NonMaxSuppression: [0, 1, 3, 4] };

export const staysFloat32 = (node: NodeProto, input: number): boolean => FLOAT32_INPUTS[node.opType ?? '']?.includes(input) ?? false;

/**
 * The model in half precision: constants and values are FLOAT16, its inputs and outputs stay FLOAT behind Cast unless asked otherwise.
 * Read by TensorRT, by OpenVINO on GPU and, as its opset is lowered as far as its nodes allow, by the front end that goes
 * with the MYRIAD plugin. Inputs that must be float32 ({@link staysFloat32}) keep their constants or get a Cast.
 *
 * @param folded the model after ONNX Runtime's basic optimization.
 * @throws TaktError `QuantizationOpsetUnsupported` for a node that the old front end does not read, `ModelAlreadyQuantized`.
 */
export function emitFp16(folded: Model, { halfInterface = false }: Fp16Options = {}): Fp16Model {
  if (folded.graph.node.some((node) => isQuantize(node) || isDequantize(node)))
    throw quantizationError(QuantizationErrorCode.alreadyQuantized, 'the model holds quantized operators already');
  const model = lowerOpset(toPortableModel(folded), FP16_OPSET, 'OpenVINO 2022.3, the last with a MYRIAD plugin,');
  const losses = { clipped: new Set<string>(), raised: new Set<string>() };
  const { initializer, nameOf } = halfConstants(model.graph, (name, tensor) => halfTensor(name, tensor, losses));
  const constants = new Set(model.graph.initializer.map(({ name }) => name));
  const values = model.graph.input.filter(({ name }) => !constants.has(name));
  const castInputs = new Set(halfInterface ? [] : values.filter(isFloat).map(({ name }) => name ?? ''));
  const castOutputs = new Set(halfInterface ? [] : model.graph.output.filter(isFloat).map(({ name }) => name ?? ''));
  const half = (name: string): string => (castInputs.has(name) || castOutputs.has(name) ? `${name}_fp16` : name);
  const casts = new Set<string>();
  const body = model.graph.node.flatMap((current): NodeProto[] => {
    const before: NodeProto[] = [];
    const input = current.input.map((name, index) => {
      if (name === '' || constants.has(name)) return nameOf(name, staysFloat32(current, index));
      if (!staysFloat32(current, index)) return half(name);
      if (castInputs.has(name)) return name;
      if (!casts.has(name)) before.push(castTo(DataType.float, half(name), `${name}_fp32`));
      casts.add(name);
      return `${name}_fp32`;
    });
    return [...before, { ...halfAttributes(current, losses), input, output: current.output.map(half) }];
  });
  const node = [
    ...[...castInputs].map((name) => castTo(DataType.float16, name, half(name))),
    ...body,
    ...[...castOutputs].map((name) => castTo(DataType.float, half(name), name)),
  ];
  const interfaceOf = (info: ValueInfoProto): ValueInfoProto => (halfInterface && isFloat(info) ? asHalf(info) : info);
  return {
    model: {
      ...model,
      graph: { ...model.graph, initializer, node, input: values.map(interfaceOf), output: model.graph.output.map(interfaceOf) },
    },
    clipped: [...losses.clipped],
    raised: [...losses.raised],
  };
}

const castTo = (type: DataType, from: string, to: string): NodeProto => makeNode('Cast', `${to}_Cast`, [from], [to], { to: BigInt(type) });

const isFloat = ({ type }: ValueInfoProto): boolean => type?.tensorType?.elemType === DataType.float;

const asHalf = (info: ValueInfoProto): ValueInfoProto => ({
  ...info,
  type: { ...info.type, tensorType: { ...info.type?.tensorType, elemType: DataType.float16 } },
});

interface HalfConstants {
  readonly initializer: readonly TensorProto[];
  /** How a constant is called where it is read in float32, and where in half precision. */
  readonly nameOf: (name: string, float32: boolean) => string;
}

/** A constant that is read both ways is kept twice. */
function halfConstants(graph: GraphProto, toHalf: (name: string, tensor: TensorProto) => TensorProto): HalfConstants {
  const float32 = new Set<string>();
  const halved = new Set<string>();
  for (const node of graph.node) node.input.forEach((name, index) => (staysFloat32(node, index) ? float32 : halved).add(name));
  const floats = new Set(graph.initializer.filter(({ dataType }) => dataType === DataType.float).map(({ name }) => name ?? ''));
  const isTwice = (name: string): boolean => floats.has(name) && float32.has(name) && halved.has(name);
  const initializer = graph.initializer.flatMap((tensor): TensorProto[] => {
    const name = tensor.name ?? '';
    if (!floats.has(name) || !halved.has(name)) return [tensor];
    return isTwice(name) ? [tensor, toHalf(`${name}_fp16`, tensor)] : [toHalf(name, tensor)];
  });
  return { initializer, nameOf: (name, wantsFloat32) => (isTwice(name) && !wantsFloat32 ? `${name}_fp16` : name) };
}
