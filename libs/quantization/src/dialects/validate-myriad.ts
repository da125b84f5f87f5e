import { TaktError } from '@takt/kernel';
import { DataType } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { isQuantized, validateFp16 } from './validate-fp16.js';
import { violationsOf } from './violation.js';
import type { Violation } from './violation.js';

const devices = violationsOf('OpenVINO 2022.3 Supported_Devices.md');
const fakeQuantize = violationsOf('openvino issue 11529; openvino_notebooks issue 1141');

const INPUT_TYPES: ReadonlySet<number | undefined> = new Set([DataType.float, DataType.float16, DataType.uint8]);

/**
 * What the MYRIAD plugin runs: models in half precision (FP32 and I8 formats are unsupported), with inputs of FP32, FP16 or U8, without
 * any quantization.
 */
export function validateMyriad(model: Model): Violation[] {
  const { graph } = model;
  const constants = new Set(graph.initializer.map(({ name }) => name));
  return [
    ...graph.node.filter(isQuantized).map((node) => fakeQuantize('no-quantization', node, `the stick runs no ${node.opType ?? '?'}`)),
    ...graph.input
      .filter(({ name, type }) => !constants.has(name) && !INPUT_TYPES.has(type?.tensorType?.elemType))
      .map(({ name }) => devices('input-type', name ?? '', 'the stick takes inputs of float32, float16 or uint8')),
    ...validateFp16(model).filter(({ rule }) => rule !== 'no-quantization'),
  ];
}

/** The refusal of INT8 for a stick that has none. */
export const myriadHasNoInt8 = (): TaktError =>
  new TaktError({
    code: 'Int8NotOnMyriad',
    message: 'the Movidius NCS2 (MYRIAD) has no integer arithmetic: quantized models do not load on it, and takt does not pretend',
    action: 'use fp16 there; it is what the stick computes in',
    component: 'quantization',
    element: 'myriad',
  });
