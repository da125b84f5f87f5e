import { BOX_TERMS, sigmoid, yolov5Centre, yolov5Extent } from '@takt/evaluation';
import { boxDiffers, scoreDiffers } from './head.js';
import type { ConvOutput, DecodedOutput, HeadFit, HeadScale, ScaleOutputs } from './head.js';

/** Terms below it say nothing about an anchor: the measured size is all rounding. */
const SMALLEST_FACTOR = 1e-3;

/**
 * YOLOv5 v6 and later, YOLOv7: per scale one convolution with channels anchor·(5+C)+k; centre = (2σ(t) − 0.5 + cell)·stride, size =
 * (2σ(t))²·anchor, σ on objectness and classes. Rows of the decoded output run over scale, anchor, y, x. The anchors are solved
 * from the sizes that the model gives, since each exporter keeps them in another constant.
 */
export function fitYolov5(scales: ScaleOutputs, decoded: DecodedOutput, classes: number): HeadFit {
  const columns = BOX_TERMS + 1 + classes;
  const fitted: HeadScale[] = [];
  let row = 0;
  for (const [stride, members] of scales) {
    const [output, ...others] = members;
    if (output === undefined || others.length > 0 || output.channels % columns !== 0)
      return { why: `stride ${String(stride)} has no single convolution with anchors·${String(columns)} channels` };
    const anchors: (readonly [number, number])[] = [];
    const plane = output.height * output.width;
    for (let anchor = 0; anchor < output.channels / columns; anchor += 1, row += plane) {
      if ((row + plane) * columns > decoded.data.length) return { why: 'the model gives fewer predictions than its convolutions' };
      const view = anchorView(output, anchor, columns, decoded.data, row);
      const solved = [solveAnchor(view, 2), solveAnchor(view, 3)] as const;
      const wrong = firstDifference(view, stride, solved, classes);
      if (wrong !== undefined) return { why: `${output.name}, anchor ${String(anchor)}: ${wrong}` };
      anchors.push(solved);
    }
    fitted.push({ stride, anchors, outputs: [{ role: 'all', name: output.name, channels: output.channels }] });
  }
  if (row * columns !== decoded.data.length) return { why: 'the model gives more predictions than its convolutions' };
  return { scales: fitted };
}

interface AnchorView {
  readonly width: number;
  readonly plane: number;
  logit(column: number, cell: number): number;
  given(column: number, cell: number): number;
}

function anchorView(output: ConvOutput, anchor: number, columns: number, decoded: Float32Array, row: number): AnchorView {
  const plane = output.height * output.width;
  return {
    width: output.width,
    plane,
    logit: (column, cell) => output.data[(anchor * columns + column) * plane + cell] as number,
    given: (column, cell) => decoded[(row + cell) * columns + column] as number,
  };
}

/** Least squares of size = factor · anchor over all cells. */
function solveAnchor(view: AnchorView, column: number): number {
  let products = 0;
  let squares = 0;
  for (let cell = 0; cell < view.plane; cell += 1) {
    const factor = yolov5Extent(view.logit(column, cell));
    if (factor < SMALLEST_FACTOR) continue;
    products += factor * view.given(column, cell);
    squares += factor * factor;
  }
  // Anchors are whole pixels or thousandths; the rest is rounding of the run that they are solved from.
  return squares === 0 ? 0 : Math.round((products / squares) * 1000) / 1000;
}

function firstDifference(view: AnchorView, stride: number, anchor: readonly [number, number], classes: number): string | undefined {
  for (let cell = 0; cell < view.plane; cell += 1) {
    const corner = [cell % view.width, Math.floor(cell / view.width)];
    for (let axis = 0; axis < 2; axis += 1) {
      const centre = yolov5Centre(view.logit(axis, cell), corner[axis] as number, stride);
      if (boxDiffers(centre, view.given(axis, cell))) return `the centre of cell ${String(cell)} is decoded otherwise`;
      const extent = yolov5Extent(view.logit(2 + axis, cell)) * (anchor[axis] as number);
      if (boxDiffers(extent, view.given(2 + axis, cell))) return `the size of cell ${String(cell)} is decoded otherwise`;
    }
    for (let column = BOX_TERMS; column <= BOX_TERMS + classes; column += 1) {
      if (scoreDiffers(sigmoid(view.logit(column, cell)), view.given(column, cell)))
        return `a score of cell ${String(cell)} is decoded otherwise`;
    }
  }
  return undefined;
}
