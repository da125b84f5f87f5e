import { OnnxErrorCode, onnxError } from '../onnx-error.js';

/** First bytes of the fields of a ModelProto, by their number and wire type; 20, 25 and 26 take two bytes, of which this is the first. */
const FIELD_TAGS = new Set([0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72, 0xa2, 0xca, 0xd2]);

/**
 * Refuses what is not an ONNX file by its first byte, so that gigabytes of something else are not taken first. Says nothing of the
 * rest: `inspectModel` does.
 *
 * @throws TaktError `OnnxNotAModel`
 */
export function requireModelHead(head: Uint8Array): void {
  const [first] = head;
  if (first !== undefined && FIELD_TAGS.has(first)) return;
  throw onnxError(
    OnnxErrorCode.notAModel,
    first === undefined ? 'the file is empty' : `the file begins with byte 0x${first.toString(16).padStart(2, '0')}, as no ONNX model does`,
  );
}
