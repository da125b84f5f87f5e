import { TaktError } from '@takt/kernel';
import type { DetectionThresholds } from './box.js';
import { BOX_TERMS, DFL_BINS, meanBin, sigmoid, yolov5Centre, yolov5Extent, yolov8Box, yoloxBox } from './box-terms.js';
import type { CentredBox } from './box-terms.js';
import { CandidateList } from './candidates.js';
import type { Candidates } from './candidates.js';
import type { DetectorDescription, LogitRole, LogitScale } from './detector-description.js';
import { logitOf, readLogits } from './logits.js';
import type { Logits } from './logits.js';
import type { NetworkOutputs } from './network-output.js';

/** A grid of predictions: where its scores and its boxes are found. */
interface Grid {
  readonly cells: number;
  /** Null where the family has no objectness. */
  readonly objectness: { readonly logits: Logits; readonly channel: number } | null;
  readonly classes: { readonly logits: Logits; readonly channel: number };
  box(cell: number): CentredBox;
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
      ? [['all', anchors.length * (BOX_TERMS + 1 + classes)]]
      : family === 'yolox'
        ? [
            ['box', BOX_TERMS],
            ['objectness', 1],
            ['classes', classes],
          ]
        : [
            ['box', BOX_TERMS * DFL_BINS],
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

/** @param byRole checked by `requireChannels`. */
function gridsOf(
  family: DetectorDescription['family'],
  { stride, anchors }: LogitScale,
  byRole: ReadonlyMap<LogitRole, Logits>,
): readonly Grid[] {
  const role = (name: LogitRole): Logits => byRole.get(name) as Logits;
  if (family === 'yolov5') {
    const all = role('all');
    const columns = all.channels / anchors.length;
    return anchors.map((anchor, index) => yolov5Grid(all, index * columns, anchor, stride));
  }
  const box = role('box');
  const grid = { cells: box.plane, classes: { logits: role('classes'), channel: 0 } };
  const cellX = (cell: number): number => cell % box.width;
  const cellY = (cell: number): number => Math.floor(cell / box.width);
  if (family === 'yolox') {
    const terms = (cell: number): CentredBox => [box.at(0, cell), box.at(1, cell), box.at(2, cell), box.at(3, cell)];
    const objectness = { logits: role('objectness'), channel: 0 };
    return [{ ...grid, objectness, box: (cell) => yoloxBox(terms(cell), cellX(cell), cellY(cell), stride) }];
  }
  const sideOf =
    (cell: number) =>
    (side: number): number =>
      meanBin((bin) => box.at(side * DFL_BINS + bin, cell));
  return [{ ...grid, objectness: null, box: (cell) => yolov8Box(sideOf(cell), cellX(cell), cellY(cell), stride) }];
}

function yolov5Grid(all: Logits, first: number, [anchorWidth, anchorHeight]: readonly [number, number], stride: number): Grid {
  return {
    cells: all.plane,
    objectness: { logits: all, channel: first + BOX_TERMS },
    classes: { logits: all, channel: first + BOX_TERMS + 1 },
    box: (cell) => [
      yolov5Centre(all.at(first, cell), cell % all.width, stride),
      yolov5Centre(all.at(first + 1, cell), Math.floor(cell / all.width), stride),
      yolov5Extent(all.at(first + 2, cell)) * anchorWidth,
      yolov5Extent(all.at(first + 3, cell)) * anchorHeight,
    ],
  };
}

function collect(grid: Grid, classes: number, thresholds: DetectionThresholds, found: CandidateList): void {
  const { logits, channel } = grid.classes;
  for (const cell of survivors(grid, classes, logitOf(thresholds.confidence))) {
    const objectness = grid.objectness === null ? 1 : sigmoid(grid.objectness.logits.at(grid.objectness.channel, cell));
    if (!(objectness > thresholds.confidence)) continue;
    found.addClasses(
      classes,
      thresholds,
      (classId) => objectness * sigmoid(logits.at(channel + classId, cell)),
      () => grid.box(cell),
    );
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
