import { TaktError } from '@takt/kernel';
import type { DetectionThresholds } from './box.js';

/** What a network gave: row-major values and the shape. */
export interface NetworkOutput {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** Boxes before suppression, in network pixels, as parallel arrays (there may be tens of thousands). */
export interface Candidates {
  readonly classIds: readonly number[];
  readonly scores: readonly number[];
  /** x1, y1, x2, y2 of each candidate. */
  readonly corners: readonly number[];
}

/**
 * Reads a YOLOv5 output 1 × N × (5 + C): centre x, centre y, width, height in network pixels, objectness, C class scores.
 * A candidate's score is objectness · class score.
 *
 * @throws TaktError `ModelOutputUnsupported` when the shape is another one.
 */
export function decodeYolov5(output: NetworkOutput, classes: number, thresholds: DetectionThresholds): Candidates {
  const [batch, anchors, width] = output.dims;
  if (output.dims.length !== 3 || batch !== 1 || anchors === undefined || width !== 5 + classes) {
    throw new TaktError({
      code: 'ModelOutputUnsupported',
      message: `the model's output has shape ${output.dims.join('×')}, a YOLOv5 detector with ${String(classes)} classes gives 1×N×${String(5 + classes)}`,
      action: 'export the detector with its decode head (one output 1×N×(5+classes)) and with its class names in the metadata',
      component: 'evaluation',
    });
  }
  const { data } = output;
  const { confidence, multiLabel } = thresholds;
  const classIds: number[] = [];
  const scores: number[] = [];
  const corners: number[] = [];
  const add = (row: number, classId: number, score: number): void => {
    const x = data[row] as number;
    const y = data[row + 1] as number;
    const halfWidth = (data[row + 2] as number) / 2;
    const halfHeight = (data[row + 3] as number) / 2;
    classIds.push(classId);
    scores.push(score);
    corners.push(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
  };
  for (let anchor = 0, row = 0; anchor < anchors; anchor += 1, row += width) {
    const objectness = data[row + 4] as number;
    // Class scores are at most 1, so a weak objectness alone rules the anchor out. NaN fails the comparison too.
    if (!(objectness > confidence)) continue;
    let best = -1;
    let bestScore = confidence;
    for (let classId = 0; classId < classes; classId += 1) {
      const score = Math.fround(objectness * (data[row + 5 + classId] as number));
      if (multiLabel) {
        if (score > confidence) add(row, classId, score);
      } else if (score > bestScore) {
        best = classId;
        bestScore = score;
      }
    }
    if (best >= 0) add(row, best, bestScore);
  }
  return { classIds, scores, corners };
}
