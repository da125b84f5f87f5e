import type { ValueSpec } from './value-spec.js';

/** A detector whose output takt can decode. */
export interface Detector {
  /** `yolov5`: output 1×N×(5+C), centre x/y, width, height in input pixels, objectness, C class scores; RGB 0–1 in. */
  readonly family: 'yolov5';
  readonly input: string;
  readonly output: string;
  /** Network input in pixels. */
  readonly imageSize: { readonly width: number; readonly height: number };
  readonly classes: number;
  /** Predictions per image (N). */
  readonly predictions: number;
}

export type Recognition = Detector | { readonly family: 'unknown'; readonly why: string };

const STRIDES = [8, 16, 32];
const ANCHORS_PER_CELL = 3;
const BOX_AND_OBJECTNESS = 5;

/** Recognizes a detector by the shapes of its input and first output. */
export function recognizeDetector(inputs: readonly ValueSpec[], outputs: readonly ValueSpec[], names: readonly string[]): Recognition {
  const [input] = inputs;
  const [output] = outputs;
  if (input === undefined || output === undefined || inputs.length !== 1)
    return unknown(`it has ${String(inputs.length)} inputs and ${String(outputs.length)} outputs`);
  const [batch, channels, height, width] = input.dims;
  if (
    input.type !== 'float32' ||
    input.dims.length !== 4 ||
    batch !== 1 ||
    channels !== 3 ||
    typeof height !== 'number' ||
    typeof width !== 'number'
  ) {
    return unknown(`its input "${input.name}" is ${describe(input)}, not float32 1×3×H×W`);
  }
  const [one, predictions, columns] = output.dims;
  if (
    output.type !== 'float32' ||
    output.dims.length !== 3 ||
    one !== 1 ||
    typeof predictions !== 'number' ||
    typeof columns !== 'number'
  ) {
    return unknown(`its output "${output.name}" is ${describe(output)}, not float32 1×N×(5+classes)`);
  }
  const expected = STRIDES.reduce((sum, stride) => sum + ANCHORS_PER_CELL * Math.floor(height / stride) * Math.floor(width / stride), 0);
  if (predictions !== expected) {
    return unknown(
      `its output has ${String(predictions)} predictions where YOLOv5 makes ${String(expected)} for ${String(width)}×${String(height)} pixels`,
    );
  }
  const classes = columns - BOX_AND_OBJECTNESS;
  if (classes < 1) return unknown(`its output has ${String(columns)} columns, no room for classes`);
  if (names.length > 0 && names.length !== classes) {
    return unknown(`its metadata name ${String(names.length)} classes, its output has ${String(classes)}`);
  }
  return { family: 'yolov5', input: input.name, output: output.name, imageSize: { width, height }, classes, predictions };
}

const unknown = (why: string): Recognition => ({ family: 'unknown', why });

const describe = ({ type, dims }: ValueSpec): string => `${type} ${dims.map((dim) => (dim === -1 ? '?' : String(dim))).join('×')}`;
