import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { GraphProto } from '../proto/messages.js';

/** Most values of an input or output: 2 GiB of float32, a hundred times what an image of 4096×4096 pixels has. */
const MOST_VALUES = 2 ** 29;

/** How exporters write an open dimension as a number. */
const OPEN = -1;

/**
 * Shapes of inputs and outputs that no machine can hold: whoever makes room for them by what the file announces must not try.
 *
 * @throws TaktError `OnnxImpossibleShape`, naming the value.
 */
export function checkInterfaceShapes({ input, output }: GraphProto): void {
  for (const { name = '', type } of [...input, ...output]) {
    let values = 1;
    for (const { dimValue = 1 } of type?.tensorType?.shape?.dim ?? []) {
      if (dimValue < OPEN) throw onnxError(OnnxErrorCode.impossibleShape, `"${name}" has the dimension ${String(dimValue)}`, name);
      values *= Math.max(1, dimValue);
      if (values > MOST_VALUES)
        throw onnxError(OnnxErrorCode.impossibleShape, `"${name}" has more than ${String(MOST_VALUES)} values by its shape`, name);
    }
  }
}
