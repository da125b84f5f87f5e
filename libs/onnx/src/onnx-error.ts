import { TaktError, legible } from '@takt/kernel';

/** Stable codes of everything this library refuses. */
export const OnnxErrorCode = {
  notAModel: 'OnnxNotAModel',
  truncated: 'OnnxTruncated',
  malformed: 'OnnxMalformed',
  tooLarge: 'OnnxTooLarge',
  opset: 'OnnxOpsetUnsupported',
  unknownOperator: 'OnnxUnknownOperator',
  foreignDomain: 'OnnxForeignDomain',
  controlFlow: 'OnnxControlFlow',
  trainingGraph: 'OnnxTrainingGraph',
  constantTooLarge: 'OnnxConstantTooLarge',
  impossibleShape: 'OnnxImpossibleShape',
  externalData: 'OnnxExternalData',
  cycle: 'OnnxCycle',
  missingValue: 'OnnxMissingValue',
  duplicateValue: 'OnnxDuplicateValue',
  nodeOrder: 'OnnxNodeOrder',
  notADetector: 'OnnxNotADetector',
  notAnImageNetwork: 'OnnxNotAnImageNetwork',
} as const;
export type OnnxErrorCode = (typeof OnnxErrorCode)[keyof typeof OnnxErrorCode];

const ACTION: Readonly<Record<OnnxErrorCode, string>> = {
  OnnxNotAModel: 'push the .onnx file that the exporter wrote',
  OnnxTruncated: 'copy the whole file again, or export the model again',
  OnnxMalformed: 'export the model again with a current exporter',
  OnnxTooLarge: 'export a smaller model; ONNX files end at 2 GiB',
  OnnxOpsetUnsupported: 'export the model with an opset from 13 to 17',
  OnnxUnknownOperator: 'export the model with standard ONNX operators only',
  OnnxForeignDomain: 'export the model with standard ONNX operators only',
  OnnxControlFlow: 'export the model without loops and branches (trace it instead of scripting it)',
  OnnxTrainingGraph: 'export the model for inference: in evaluation mode, without loss, gradients and optimizer',
  OnnxConstantTooLarge: 'export the model again, with the sizes it needs at an input of this shape',
  OnnxImpossibleShape: 'export the model again with a fixed input size',
  OnnxExternalData: 'save the model as one file, with the weights inside',
  OnnxCycle: 'export the model again; its graph is not a valid ONNX graph',
  OnnxMissingValue: 'export the model again; its graph is not a valid ONNX graph',
  OnnxDuplicateValue: 'export the model again; its graph is not a valid ONNX graph',
  OnnxNodeOrder: 'export the model again; its graph is not a valid ONNX graph',
  OnnxNotAnImageNetwork: 'export the model for one image of a fixed size, 1×3×H×W in float',
  OnnxNotADetector:
    'export a YOLO detector with one image input 1×3×H×W and its decoded output; any other network can be quantized with --family generic',
};

/** A refusal by this library; `element` names the field, graph node or value. Names from the file are made {@link legible}. */
export const onnxError = (code: OnnxErrorCode, message: string, element?: string, cause?: unknown): TaktError =>
  new TaktError({
    code,
    message: legible(message),
    action: ACTION[code],
    component: 'onnx',
    ...(element === undefined ? {} : { element: legible(element) }),
    ...(cause === undefined ? {} : { cause }),
  });
