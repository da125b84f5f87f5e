import { DataType, float16Tensor, floatValues, makeNode, standardOpset, toFloat16 } from '@takt/onnx';
import type { AttributeProto, Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';
import { toPortableModel } from '../graph/portable-model.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';

export interface Fp16Model {
  readonly model: Model;
  /** Constants with values beyond ±65504, which were clipped to that. */
  readonly clipped: readonly string[];
}

const LARGEST = 65504;
/** Newest opset that the front end of OpenVINO 2022.3 reads, the last one with a MYRIAD plugin. */
const NEWEST_OPSET = 15;

/** Inputs that ONNX wants in float32 whatever the operator computes in, by operator: position. */
const FLOAT32_INPUTS: Readonly<Record<string, readonly number[]>> = { Resize: [2], Upsample: [1] };

/**
 * The model in half precision: constants and values are FLOAT16, its inputs and outputs stay FLOAT behind Cast. Read by TensorRT, by
 * OpenVINO on GPU and, as its opset allows, by the front end that goes with the MYRIAD plugin.
 *
 * @param folded the model after ONNX Runtime's basic optimization.
 * @throws TaktError `QuantizationOpsetUnsupported` for an opset that the old front end does not read.
 */
export function emitFp16(folded: Model): Fp16Model {
  const opset = standardOpset(folded) ?? 0;
  if (opset > NEWEST_OPSET) {
    throw quantizationError(
      QuantizationErrorCode.opset,
      `the model uses opset ${String(opset)}; OpenVINO 2022.3, the last with a MYRIAD plugin, reads up to ${String(NEWEST_OPSET)}`,
    );
  }
  const model = toPortableModel(folded);
  const { graph } = model;
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  const keptFloat = new Set<string>();
  const halved = new Set<string>();
  for (const node of graph.node) {
    node.input.forEach((name, index) => {
      if (constants.get(name)?.dataType !== DataType.float) return;
      ((FLOAT32_INPUTS[node.opType ?? ''] ?? []).includes(index) ? keptFloat : halved).add(name);
    });
  }
  const clipped: string[] = [];
  const initializer: TensorProto[] = [];
  for (const tensor of graph.initializer) {
    const name = tensor.name ?? '';
    if (!halved.has(name)) initializer.push(tensor);
    else {
      // A constant that is read both ways is kept twice.
      if (keptFloat.has(name)) initializer.push(tensor);
      initializer.push(halfTensor(halfName(name, keptFloat), tensor, clipped));
    }
  }
  const inputs = new Map<string, string>();
  const casts: NodeProto[] = [];
  for (const info of graph.input) {
    if (constants.has(info.name ?? '') || info.type?.tensorType?.elemType !== DataType.float) continue;
    const name = info.name ?? '';
    inputs.set(name, `${name}_fp16`);
    casts.push(makeNode('Cast', `${name}_to_fp16`, [name], [`${name}_fp16`], { to: BigInt(DataType.float16) }));
  }
  const outputs = new Set(graph.output.filter(isFloat).map(({ name }) => name ?? ''));
  const rename = (name: string): string => inputs.get(name) ?? (outputs.has(name) ? `${name}_fp16` : name);
  const node = graph.node.map((current): NodeProto => {
    const float32 = FLOAT32_INPUTS[current.opType ?? ''] ?? [];
    return {
      ...current,
      input: current.input.map((name, index) =>
        halved.has(name) && !float32.includes(index) ? halfName(name, keptFloat) : constants.has(name) ? name : rename(name),
      ),
      output: current.output.map((name) => (outputs.has(name) ? `${name}_fp16` : name)),
      attribute: current.attribute.map((attribute) => halfAttribute(current, attribute, clipped)),
    };
  });
  const back = [...outputs].map((name) => makeNode('Cast', `${name}_to_fp32`, [`${name}_fp16`], [name], { to: BigInt(DataType.float) }));
  return { model: { ...model, graph: { ...graph, initializer, node: [...casts, ...node, ...back] } }, clipped };
}

const halfName = (name: string, keptFloat: ReadonlySet<string>): string => (keptFloat.has(name) ? `${name}_fp16` : name);

const isFloat = ({ type }: ValueInfoProto): boolean => type?.tensorType?.elemType === DataType.float;

function halfTensor(name: string, tensor: TensorProto, clipped: string[]): TensorProto {
  let outside = false;
  const bits = Uint16Array.from(floatValues(tensor), (value) => {
    if (Number.isFinite(value) && Math.abs(value) > LARGEST) {
      outside = true;
      return toFloat16(Math.sign(value) * LARGEST);
    }
    return toFloat16(value);
  });
  if (outside) clipped.push(tensor.name ?? '');
  return float16Tensor(name, tensor.dims, bits);
}

/** Values inside attributes, and the type that a Cast makes. */
function halfAttribute(node: NodeProto, attribute: AttributeProto, clipped: string[]): AttributeProto {
  if (node.opType === 'Cast' && attribute.name === 'to' && attribute.i === BigInt(DataType.float))
    return { ...attribute, i: BigInt(DataType.float16) };
  const { t } = attribute;
  return t?.dataType === DataType.float ? { ...attribute, t: halfTensor(t.name ?? '', t, clipped) } : attribute;
}
