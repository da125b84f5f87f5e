import { TaktError } from '@takt/kernel';
import { DataType, nodeLabel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import type { Violation } from './violation.js';

/**
 * What the MYRIAD plugin runs: models in half precision, without any quantization (OpenVINO 2022.3 Supported_Devices.md; FakeQuantize
 * is not supported, openvino #11529).
 */
export function validateMyriad(model: Model): Violation[] {
  const nodes = model.graph.node
    .filter(({ opType }) => /Quantize|^QLinear|Integer$/.test(opType ?? ''))
    .map((node): Violation => ({ rule: 'no-quantization', element: nodeLabel(node), message: `the stick runs no ${node.opType ?? ''}` }));
  const constants = model.graph.initializer
    .filter((tensor) => tensor.dataType === DataType.float && tensor.dims.length > 1)
    .map((tensor): Violation => ({
      rule: 'half-precision',
      element: tensor.name ?? '',
      message: 'its values are float32; the stick takes float16',
    }));
  return [...nodes, ...constants];
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
