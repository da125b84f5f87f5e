import { TaktError } from '@takt/kernel';
import type { DetectionThresholds } from './box.js';
import { BOX_TERMS, yoloxBox } from './box-terms.js';
import { CandidateList } from './candidates.js';
import type { Candidates } from './candidates.js';
import type { DetectorFamily } from './detector-description.js';
import type { NetworkOutput } from './network-output.js';

/** Cells of YOLOX's three scales, in network pixels. */
const YOLOX_STRIDES = [8, 16, 32];

export interface DecodeShape {
  readonly family: DetectorFamily;
  /** The network's input in pixels. */
  readonly width: number;
  readonly height: number;
  readonly classes: number;
}

/**
 * Boxes of the one output that a family's export gives, a score being objectness · class score, or the class score alone:
 * - `yolov5` 1×N×(5+C): centre, width and height in network pixels, objectness, class scores;
 * - `yolov8` 1×(4+C)×N: the same without objectness, one row for each quantity;
 * - `yolox` 1×N×(5+C): centre and size still relative to the cell, (t + cell)·stride and exp(t)·stride.
 *
 * @throws TaktError `ModelOutputUnsupported` when the shape is another one.
 */
export function decodeOutput(output: NetworkOutput | undefined, shape: DecodeShape, thresholds: DetectionThresholds): Candidates {
  const { family, classes } = shape;
  const scores = classes + (family === 'yolov8' ? 0 : 1);
  const columns = BOX_TERMS + scores;
  const [batch, first, second] = output?.dims ?? [];
  const predictions = family === 'yolov8' ? second : first;
  if (output?.dims.length !== 3 || batch !== 1 || predictions === undefined || (family === 'yolov8' ? first : second) !== columns) {
    const wanted = family === 'yolov8' ? `1×${String(columns)}×N` : `1×N×${String(columns)}`;
    throw unsupported(
      `the model's output has shape ${(output?.dims ?? []).join('×')}, a ${family} detector with ${String(classes)} classes gives ${wanted}`,
    );
  }
  const { data } = output;
  const at =
    family === 'yolov8'
      ? (prediction: number, column: number): number => data[column * predictions + prediction] as number
      : (prediction: number, column: number): number => data[prediction * columns + column] as number;
  const place = family === 'yolox' ? yoloxPlaces(shape, predictions) : undefined;
  const found = new CandidateList();
  for (let prediction = 0; prediction < predictions; prediction += 1) {
    const objectness = family === 'yolov8' ? 1 : at(prediction, BOX_TERMS);
    // Class scores are at most 1, so a weak objectness alone rules a prediction out. NaN fails the comparison too.
    if (!(objectness > thresholds.confidence)) continue;
    found.addClasses(
      classes,
      thresholds,
      (classId) => objectness * at(prediction, columns - classes + classId),
      () => {
        const terms = [at(prediction, 0), at(prediction, 1), at(prediction, 2), at(prediction, 3)] as const;
        if (place === undefined) return terms;
        const { stride, cellX, cellY } = place(prediction);
        return yoloxBox(terms, cellX, cellY, stride);
      },
    );
  }
  return found;
}

/** Cell of each prediction: scales one after another, rows of cells within. */
function yoloxPlaces(
  { width, height }: DecodeShape,
  predictions: number,
): (prediction: number) => { readonly stride: number; readonly cellX: number; readonly cellY: number } {
  const scales: { readonly first: number; readonly columns: number; readonly stride: number }[] = [];
  let total = 0;
  for (const stride of YOLOX_STRIDES) {
    const columns = Math.floor(width / stride);
    scales.push({ first: total, columns, stride });
    total += columns * Math.floor(height / stride);
  }
  if (total !== predictions)
    throw unsupported(
      `the model's output has ${String(predictions)} predictions, YOLOX makes ${String(total)} of ${String(width)}×${String(height)} pixels`,
    );
  return (prediction) => {
    const scale = scales.findLast(({ first }) => first <= prediction) as (typeof scales)[number];
    const cell = prediction - scale.first;
    return { stride: scale.stride, cellX: cell % scale.columns, cellY: Math.floor(cell / scale.columns) };
  };
}

const unsupported = (message: string): TaktError =>
  new TaktError({
    code: 'ModelOutputUnsupported',
    message,
    action: 'export the detector with its decode head as its family does, and with its class names in the metadata',
    component: 'evaluation',
  });
