import { TaktError } from '@takt/kernel';
import type { DetectionThresholds } from './box.js';
import { CandidateList } from './candidates.js';
import type { Candidates } from './candidates.js';
import type { DetectorFamily } from './detector-description.js';
import type { NetworkOutput } from './network-output.js';

const BOX = 4;
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
  const columns = BOX + scores;
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
  const { confidence, multiLabel } = thresholds;
  for (let prediction = 0; prediction < predictions; prediction += 1) {
    const objectness = family === 'yolov8' ? 1 : at(prediction, BOX);
    // Class scores are at most 1, so a weak objectness alone rules a prediction out. NaN fails the comparison too.
    if (!(objectness > confidence)) continue;
    let best = -1;
    let bestScore = confidence;
    const add = (classId: number, score: number): void => {
      const [x, y, width, height] = [at(prediction, 0), at(prediction, 1), at(prediction, 2), at(prediction, 3)];
      if (place === undefined) found.add(classId, score, x, y, width, height);
      else {
        const { stride, cellX, cellY } = place(prediction);
        found.add(classId, score, (x + cellX) * stride, (y + cellY) * stride, Math.exp(width) * stride, Math.exp(height) * stride);
      }
    };
    for (let classId = 0; classId < classes; classId += 1) {
      const score = Math.fround(objectness * at(prediction, columns - classes + classId));
      if (!(score > (multiLabel ? confidence : bestScore))) continue;
      if (multiLabel) add(classId, score);
      else [best, bestScore] = [classId, score];
    }
    if (best >= 0) add(best, bestScore);
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
