import { describeSpec } from './value-spec.js';
import type { ValueSpec } from './value-spec.js';

/** A detector whose output takt can decode. */
export interface Detector {
  /**
   * - `yolov5` (and v7): output 1×N×(5+C), centre x/y, width, height in input pixels, objectness, C class scores; RGB 0–1 in.
   * - `yolov8` (and v11): output 1×(4+C)×N, the same without objectness; RGB 0–1 in.
   * - `yolox`: output 1×N×(5+C), boxes relative to their cell; BGR 0–255 in, the picture at the top left.
   */
  readonly family: 'yolov5' | 'yolov8' | 'yolox';
  readonly input: string;
  readonly output: string;
  /** Network input in pixels. */
  readonly imageSize: { readonly width: number; readonly height: number };
  readonly classes: number;
  /** Predictions per image (N). */
  readonly predictions: number;
}

export type Recognition = Detector | { readonly family: 'unknown'; readonly why: string };

/** Strides of the scales; the larger networks for 1280 pixels add one of 64. */
const SCALES = [
  [8, 16, 32],
  [8, 16, 32, 64],
];
/** Names and pixels are kept for so many at most. */
const MOST_CLASSES = 65_536;
const MOST_PIXELS = 16_384;
const ANCHORS_PER_CELL = 3;
const BOX = 4;

/** float16 becomes float32 when a model is imported. */
const isFloat = ({ type }: ValueSpec): boolean => type === 'float32' || type === 'float16';

/** Recognizes a detector by the shapes of its input and first output. */
export function recognizeDetector(inputs: readonly ValueSpec[], outputs: readonly ValueSpec[], names: readonly string[]): Recognition {
  const [input] = inputs;
  const [output] = outputs;
  if (input === undefined || output === undefined || inputs.length !== 1)
    return unknown(`it has ${String(inputs.length)} inputs and ${String(outputs.length)} outputs`);
  const [batch, channels, height, width] = input.dims;
  if (
    !isFloat(input) ||
    input.dims.length !== 4 ||
    batch !== 1 ||
    channels !== 3 ||
    typeof height !== 'number' ||
    typeof width !== 'number'
  ) {
    return unknown(`its input "${input.name}" is ${describeSpec(input)}, not float32 1×3×H×W`);
  }
  const [one, rows, columns] = output.dims;
  if (!isFloat(output) || output.dims.length !== 3 || one !== 1 || typeof rows !== 'number' || typeof columns !== 'number') {
    return unknown(`its output "${output.name}" is ${describeSpec(output)}, not float32 1×N×(5+classes) or 1×(4+classes)×N`);
  }
  const shape = familyOf(rows, columns, width, height);
  if (shape === undefined) {
    const cells = cellsOf(SCALES[0] ?? [], width, height);
    return unknown(
      `its output is ${String(rows)}×${String(columns)}; for ${String(width)}×${String(height)} pixels YOLOv5 makes ${String(cells * ANCHORS_PER_CELL)} predictions, YOLOX and YOLOv8 make ${String(cells)}`,
    );
  }
  const { family, predictions, classes } = shape;
  if (classes > MOST_CLASSES || Math.max(width, height) > MOST_PIXELS)
    return unknown(
      `it has ${String(classes)} classes at ${String(width)}×${String(height)} pixels; takt serves up to ${String(MOST_CLASSES)} at ${String(MOST_PIXELS)}`,
    );
  if (classes < 1) return unknown(`its output has ${String(Math.min(rows, columns))} columns, no room for classes`);
  if (names.length > 0 && names.length !== classes) {
    return unknown(`its metadata name ${String(names.length)} classes, its output has ${String(classes)}`);
  }
  return { family, input: input.name, output: output.name, imageSize: { width, height }, classes, predictions };
}

const cellsOf = (strides: readonly number[], width: number, height: number): number =>
  strides.reduce((sum, stride) => sum + Math.floor(height / stride) * Math.floor(width / stride), 0);

/** The family by the number of predictions, which no two families make of one input. */
function familyOf(
  rows: number,
  columns: number,
  width: number,
  height: number,
): Pick<Detector, 'family' | 'predictions' | 'classes'> | undefined {
  for (const strides of SCALES) {
    const cells = cellsOf(strides, width, height);
    if (rows === cells * ANCHORS_PER_CELL) return { family: 'yolov5', predictions: rows, classes: columns - BOX - 1 };
    if (rows === cells) return { family: 'yolox', predictions: rows, classes: columns - BOX - 1 };
    if (columns === cells) return { family: 'yolov8', predictions: columns, classes: rows - BOX };
  }
  return undefined;
}

const unknown = (why: string): Recognition => ({ family: 'unknown', why });
