import { DataType, fromFloat16, standardOpset } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { FP16_OPSET, staysFloat32 } from './emit-fp16.js';
import { violationsOf } from './violation.js';
import type { Violation } from './violation.js';

const schema = violationsOf('ONNX operator schemas (Operators.md): types of inputs');
const frontEnd = violationsOf('OpenVINO 2022.3 front end for ONNX; ONNX Versioning.md');
const halfFormat = violationsOf('IEEE 754 binary16');

/**
 * What a file in half precision must be: no integers left or right of Q and DQ, constants in float16 but for those that ONNX wants in
 * float32, none of them infinite, and an opset that the oldest of its readers knows.
 */
export function validateFp16(model: Model): Violation[] {
  const { graph } = model;
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  const opset = standardOpset(model) ?? 0;
  return [
    ...(opset > FP16_OPSET ? [frontEnd('opset', 'the model', `opset ${String(opset)} is newer than ${String(FP16_OPSET)}`)] : []),
    ...graph.node
      .filter(isQuantized)
      .map((node) => halfFormat('no-quantization', node, `${node.opType ?? '?'} has no place in a file in half precision`)),
    ...graph.node.flatMap((node) => checkConstants(node, constants)),
    ...graph.initializer
      .filter((tensor) => tensor.dataType === DataType.float16 && halfBits(tensor).some((bits) => !Number.isFinite(fromFloat16(bits))))
      .map(({ name }) => halfFormat('finite', name ?? '', 'it holds values beyond ±65504')),
  ];
}

/** FakeQuantize is OpenVINO's own. */
export const isQuantized = ({ opType }: NodeProto): boolean => /Quantize|^QLinear|Integer$/.test(opType ?? '');

function checkConstants(node: NodeProto, constants: ReadonlyMap<string, TensorProto>): Violation[] {
  return node.input.flatMap((name, index) => {
    const type = constants.get(name)?.dataType;
    if (staysFloat32(node, index))
      return type === DataType.float16 ? [schema('float32-input', node, `input ${String(index)} must be float32`)] : [];
    return type === DataType.float ? [schema('half-precision', node, `its constant "${name}" is float32 among values in float16`)] : [];
  });
}

const halfBits = ({ rawData, int32Data }: TensorProto): Uint16Array =>
  rawData === undefined ? Uint16Array.from(int32Data) : new Uint16Array(new Uint8Array(rawData).buffer);
