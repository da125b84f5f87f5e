import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { ModelInspection } from './inspect-model.js';
import { describeSpec } from './value-spec.js';

/** Any network that takes one colour image: a classifier, a segmenter, a detector that takt does not decode. */
export interface ImageNetwork {
  readonly input: string;
  /** Network input in pixels. */
  readonly imageSize: { readonly width: number; readonly height: number };
  /** Names of its outputs, all float. */
  readonly outputs: readonly string[];
}

/** @throws TaktError `OnnxNotAnImageNetwork` where it takes something else than one float image 1×3×H×W, or gives something else than floats. */
export function requireImageNetwork({ inputs, outputs }: Pick<ModelInspection, 'inputs' | 'outputs'>): ImageNetwork {
  const refuse = (why: string, element?: string): Error =>
    onnxError(OnnxErrorCode.notAnImageNetwork, `the model cannot be quantized: ${why}`, element);
  const [input, ...others] = inputs;
  if (input === undefined || others.length > 0) throw refuse(`it has ${String(inputs.length)} inputs, not one image`);
  const [batch, channels, height, width] = input.dims;
  const isFloat = input.type === 'float32' || input.type === 'float16';
  if (!isFloat || input.dims.length !== 4 || batch !== 1 || channels !== 3 || typeof height !== 'number' || typeof width !== 'number')
    throw refuse(`its input "${input.name}" is ${describeSpec(input)}, not floats 1×3×H×W of a fixed size`, input.name);
  if (height < 1 || width < 1) throw refuse(`its input "${input.name}" is ${describeSpec(input)}, not of a fixed size`, input.name);
  if (outputs.length === 0) throw refuse('it has no output');
  const strange = outputs.find(({ type }) => type !== 'float32' && type !== 'float16');
  if (strange !== undefined) throw refuse(`its output "${strange.name}" is ${describeSpec(strange)}, not floats`, strange.name);
  return { input: input.name, imageSize: { width, height }, outputs: outputs.map(({ name }) => name) };
}
