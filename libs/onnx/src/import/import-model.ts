import { inspectModel } from '../check/inspect-model.js';
import type { ModelInspection } from '../check/inspect-model.js';
import { parseModel, serializeModel } from '../proto/model-file.js';
import { hasHalf, hasHalfInterface, toFloat32 } from './to-float32.js';

/** A model in the form that takt works with. */
export interface ImportedModel {
  /** What the file says of itself, as it was given. */
  readonly inspection: ModelInspection;
  /** The model in float32: the bytes as they were given, unless they hold float16. Equal bytes give equal bytes. */
  readonly bytes: Uint8Array;
  /** Whether `bytes` were converted from half precision. */
  readonly converted: boolean;
}

/**
 * Checks a model and converts it to float32 where it is in half precision: quantization starts from float32, and a weight that is
 * rounded already loses no more by it.
 *
 * @throws TaktError with an `OnnxErrorCode`.
 */
export function importModel(bytes: Uint8Array): ImportedModel {
  const inspection = inspectModel(bytes);
  const model = parseModel(bytes);
  if (!hasHalf(model)) return { inspection, bytes, converted: false };
  return { inspection, bytes: serializeModel(toFloat32(model)), converted: true };
}

/**
 * The form of a model that an engine can be given float32 images and asked for float32 outputs: a file with float16 inputs or outputs
 * in float32, any other as it is, so that what computes in half precision behind float32 inputs is run as it serves.
 *
 * @throws TaktError `OnnxNotAModel`, `OnnxTruncated`, `OnnxMalformed`, `OnnxTooLarge`.
 */
export function withFloat32Interface(bytes: Uint8Array): Uint8Array {
  const model = parseModel(bytes);
  return hasHalfInterface(model) ? serializeModel(toFloat32(model)) : bytes;
}
