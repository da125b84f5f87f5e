import { TaktError } from '@takt/kernel';
import type { DetectionThresholds } from './box.js';
import { CandidateList } from './candidates.js';
import type { Candidates } from './candidates.js';
import type { DetectorDescription, LogitRole, LogitScale } from './detector-description.js';
import { logitOf, readLogits, sigmoid } from './logits.js';
import type { Logits } from './logits.js';
import type { NetworkOutputs } from './network-output.js';

const BOX = 4;
/** Bins of the distribution that YOLOv8 gives for each side of a box (`reg_max`). */
const DFL_BINS = 16;

/** A grid of predictions: where its scores and its boxes are found. */
interface Grid {
  readonly cells: number;
  readonly width: number;
  /** Null where the family has no objectness. */
  readonly objectness: { readonly logits: Logits; readonly channel: number } | null;
  readonly classes: { readonly logits: Logits; readonly channel: number };
  box(cell: number): readonly [x: number, y: number, width: number, height: number];
}

/**
 * Boxes of a head that is cut at its last convolutions. Scores are compared as they are stored, so that of thousands of
 * predictions only those above the threshold are converted and decoded.
 *
 * @param outputs in the order of the description.
 * @throws TaktError `ModelOutputUnsupported`.
 */
export function decodeLogits(
  outputs: NetworkOutputs,
  { family, classes, scales }: Pick<DetectorDescription, 'family' | 'classes'> & { readonly scales: readonly LogitScale[] },
  thresholds: DetectionThresholds,
): Candidates {
  const found = new CandidateList();
  let next = 0;
  for (const scale of scales) {
    const byRole = new Map<LogitRole, Logits>();
    for (const output of scale.outputs) byRole.set(output.role, readLogits(output, outputs[next++]));
    requireChannels(family, classes, scale, byRole);
    for (const grid of gridsOf(family, scale, byRole)) collect(grid, classes, thresholds, found);
  }
  return found;
}

/** Channels of another model's head would be decoded into boxes that look real, or into none. */
function requireChannels(
  family: DetectorDescription['family'],
  classes: number,
  { stride, anchors }: LogitScale,
  byRole: ReadonlyMap<LogitRole, Logits>,
): void {
  const wanted: readonly (readonly [LogitRole, number])[] =
    family === 'yolov5'
      ? [['all', anchors.length * (BOX + 1 + classes)]]
      : family === 'yolox'
        ? [
            ['box', BOX],
            ['objectness', 1],
            ['classes', classes],
          ]
        : [
            ['box', BOX * DFL_BINS],
            ['classes', classes],
          ];
  for (const [role, channels] of wanted) {
    const given = byRole.get(role)?.channels ?? 0;
    if (given === channels && given > 0) continue;
    throw new TaktError({
      code: 'ModelOutputUnsupported',
      message: `the outputs of stride ${String(stride)} have ${String(given)} channels for "${role}", a ${family} detector with ${String(classes)} classes and ${String(anchors.length)} anchors gives ${String(channels)}`,
      action: 'quantize the model again with this version of takt',
      component: 'evaluation',
      element: role,
    });
  }
}

function gridsOf(family: DetectorDescription['family'], scale: LogitScale, byRole: ReadonlyMap<LogitRole, Logits>): Grid[] {
  const role = (name: LogitRole): Logits => byRole.get(name) ?? missing(name);
  if (family === 'yolov5') {
    const all = role('all');
    const columns = all.channels / scale.anchors.length;
    return scale.anchors.map((anchor, index) => yolov5Grid(all, index * columns, anchor, scale.stride));
  }
  const [box, classes] = [role('box'), role('classes')];
  const shape = { cells: box.plane, width: box.width, classes: { logits: classes, channel: 0 } };
  if (family === 'yolox') return [{ ...shape, objectness: { logits: role('objectness'), channel: 0 }, box: yoloxBox(box, scale.stride) }];
  return [{ ...shape, objectness: null, box: yolov8Box(box, scale.stride) }];
}

function missing(role: LogitRole): never {
  throw new RangeError(`a scale of the head has no output for its ${role}`);
}

function yolov5Grid(all: Logits, first: number, [anchorWidth, anchorHeight]: readonly [number, number], stride: number): Grid {
  return {
    cells: all.plane,
    width: all.width,
    objectness: { logits: all, channel: first + BOX },
    classes: { logits: all, channel: first + BOX + 1 },
    box: (cell) => [
      (2 * sigmoid(all.at(first, cell)) - 0.5 + (cell % all.width)) * stride,
      (2 * sigmoid(all.at(first + 1, cell)) - 0.5 + Math.floor(cell / all.width)) * stride,
      (2 * sigmoid(all.at(first + 2, cell))) ** 2 * anchorWidth,
      (2 * sigmoid(all.at(first + 3, cell))) ** 2 * anchorHeight,
    ],
  };
}

const yoloxBox =
  (box: Logits, stride: number): Grid['box'] =>
  (cell) => [
    (box.at(0, cell) + (cell % box.width)) * stride,
    (box.at(1, cell) + Math.floor(cell / box.width)) * stride,
    Math.exp(box.at(2, cell)) * stride,
    Math.exp(box.at(3, cell)) * stride,
  ];

const yolov8Box =
  (box: Logits, stride: number): Grid['box'] =>
  (cell) => {
    const [left, top, right, bottom] = [side(box, 0, cell), side(box, 1, cell), side(box, 2, cell), side(box, 3, cell)];
    return [
      ((cell % box.width) + 0.5 + (right - left) / 2) * stride,
      (Math.floor(cell / box.width) + 0.5 + (bottom - top) / 2) * stride,
      (left + right) * stride,
      (top + bottom) * stride,
    ];
  };

/** Mean of the distribution of one side of a box, in cells. */
function side(box: Logits, index: number, cell: number): number {
  let largest = -Infinity;
  for (let bin = 0; bin < DFL_BINS; bin += 1) largest = Math.max(largest, box.at(index * DFL_BINS + bin, cell));
  let sum = 0;
  let mean = 0;
  for (let bin = 0; bin < DFL_BINS; bin += 1) {
    const weight = Math.exp(box.at(index * DFL_BINS + bin, cell) - largest);
    sum += weight;
    mean += weight * bin;
  }
  return mean / sum;
}

function collect(grid: Grid, classes: number, thresholds: DetectionThresholds, found: CandidateList): void {
  const { confidence, multiLabel } = thresholds;
  for (const cell of survivors(grid, classes, logitOf(confidence))) {
    const objectness = grid.objectness === null ? 1 : sigmoid(grid.objectness.logits.at(grid.objectness.channel, cell));
    if (!(objectness > confidence)) continue;
    let box: ReturnType<Grid['box']> | undefined;
    let best = -1;
    let bestScore = confidence;
    for (let classId = 0; classId < classes; classId += 1) {
      const score = Math.fround(objectness * sigmoid(grid.classes.logits.at(grid.classes.channel + classId, cell)));
      if (!(score > (multiLabel ? confidence : bestScore))) continue;
      if (multiLabel) found.add(classId, score, ...(box ??= grid.box(cell)));
      else [best, bestScore] = [classId, score];
    }
    if (best >= 0) found.add(best, bestScore, ...grid.box(cell));
  }
}

/** Cells that may hold an object, in order: by objectness, or by any class where there is none. A score is at most either. */
function survivors(grid: Grid, classes: number, logit: number): readonly number[] {
  const { objectness, cells } = grid;
  const found: number[] = [];
  if (objectness !== null) {
    const { logits, channel } = objectness;
    const least = logits.threshold(channel, logit);
    const first = channel * cells;
    for (let cell = 0; cell < cells; cell += 1) if ((logits.data[first + cell] as number) >= least) found.push(cell);
    return found;
  }
  const { logits, channel } = grid.classes;
  const marked = new Uint8Array(cells);
  for (let classId = channel; classId < channel + classes; classId += 1) {
    const least = logits.threshold(classId, logit);
    const first = classId * cells;
    for (let cell = 0; cell < cells; cell += 1) if ((logits.data[first + cell] as number) >= least) marked[cell] = 1;
  }
  for (let cell = 0; cell < cells; cell += 1) if (marked[cell] === 1) found.push(cell);
  return found;
}
