import { TaktError } from '@takt/kernel';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import { modelCodec } from './messages.js';
import type { GraphProto, ModelProto } from './messages.js';

/** Protobuf's own limit for one message, in bytes. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** A model that has a graph. */
export interface Model extends ModelProto {
  readonly graph: GraphProto;
}

/**
 * Refuses a file by its size, so that nobody reads it to find out.
 *
 * @param size of the file in bytes.
 * @param name of the file, for the message.
 * @throws TaktError `OnnxTooLarge`.
 */
export function checkModelSize(size: number, name = 'the model'): void {
  if (size <= MAX_MODEL_BYTES) return;
  throw onnxError(
    OnnxErrorCode.tooLarge,
    `${name} has ${String(size)} bytes, more than the ${String(MAX_MODEL_BYTES)} that ONNX allows`,
    name,
  );
}

/**
 * Reads ONNX bytes. The result shares memory with `bytes`, which must not change while it is in use. Only the encoding is
 * checked here; see `checkModel` for the graph.
 *
 * @throws TaktError `OnnxNotAModel`, `OnnxTruncated`, `OnnxMalformed`, `OnnxTooLarge`.
 */
export function parseModel(bytes: Uint8Array): Model {
  checkModelSize(bytes.length);
  const looksRight = startsLikeAModel(bytes);
  let model: ModelProto;
  try {
    model = modelCodec.decode(plainView(bytes));
  } catch (thrown) {
    if (looksRight || !(thrown instanceof TaktError)) throw thrown;
    throw onnxError(OnnxErrorCode.notAModel, 'the file is not an ONNX model', undefined, thrown);
  }
  if (model.graph === undefined) {
    throw looksRight
      ? onnxError(OnnxErrorCode.truncated, 'the model ends before its graph')
      : onnxError(OnnxErrorCode.notAModel, 'the file is not an ONNX model');
  }
  return model as Model;
}

/** Writes a model; what was not changed since it was read is written byte for byte as it was. */
export function serializeModel(model: ModelProto): Uint8Array {
  return modelCodec.encode(model);
}

/** The same memory as a plain Uint8Array: a Node.js Buffer's `slice` and equality differ. */
const plainView = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** Every known exporter writes `ir_version` (field 1, varint) first; its highest value so far is 13. */
const IR_VERSION_TAG = 0x08;
const MAX_IR_VERSION = 64;

const startsLikeAModel = (bytes: Uint8Array): boolean => {
  const version = bytes[1] ?? 0;
  return bytes[0] === IR_VERSION_TAG && version > 0 && version <= MAX_IR_VERSION;
};
