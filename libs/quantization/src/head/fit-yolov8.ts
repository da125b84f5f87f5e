import { boxDiffers, byStride, scoreDiffers, sigmoid } from './head.js';
import type { ConvOutput, DecodedOutput, HeadFit, HeadScale } from './head.js';

const BOX = 4;
/** Bins per side of the distribution that a box side is read from (Ultralytics' `reg_max`). */
export const DFL_BINS = 16;

/**
 * YOLOv8 and YOLOv11: per scale a box convolution (4·16 channels: each side is the mean of a softmax over 16 bins, in cells from the
 * cell's centre) and a class convolution (σ). The output is 1×(4+C)×N, cells over scale, y, x.
 */
export function fitYolov8(
  outputs: readonly ConvOutput[],
  decoded: DecodedOutput,
  size: { readonly width: number; readonly height: number },
  classes: number,
): HeadFit {
  const scales = byStride(outputs, size.width, size.height);
  if (scales === undefined) return { why: 'a convolution at the cut has a plane that is no whole fraction of the input' };
  const predictions = decoded.data.length / (BOX + classes);
  const fitted: HeadScale[] = [];
  let first = 0;
  for (const [stride, members] of scales) {
    const plane = (members[0]?.width ?? 0) * (members[0]?.height ?? 0);
    if (first + plane > predictions) return { why: 'the model gives fewer predictions than its convolutions' };
    const given = (row: number, cell: number): number => decoded.data[row * predictions + first + cell] as number;
    const box = members.find((member) => member.channels === BOX * DFL_BINS && givesBoxes(member, stride, given));
    const scores = members.find((member) => member !== box && member.channels === classes && givesScores(member, given));
    if (box === undefined || scores === undefined)
      return { why: `no convolution of stride ${String(stride)} gives the ${box === undefined ? 'boxes' : 'classes'} of the output` };
    fitted.push({
      stride,
      anchors: [],
      outputs: [
        { role: 'box', name: box.name, channels: box.channels },
        { role: 'classes', name: scores.name, channels: classes },
      ],
    });
    first += plane;
  }
  if (first !== predictions) return { why: 'the model gives more predictions than its convolutions' };
  return { scales: fitted };
}

function givesScores(output: ConvOutput, given: (row: number, cell: number) => number): boolean {
  const plane = output.width * output.height;
  for (let channel = 0; channel < output.channels; channel += 1) {
    for (let cell = 0; cell < plane; cell += 1)
      if (scoreDiffers(sigmoid(output.data[channel * plane + cell] as number), given(BOX + channel, cell))) return false;
  }
  return true;
}

function givesBoxes(output: ConvOutput, stride: number, given: (row: number, cell: number) => number): boolean {
  const plane = output.width * output.height;
  for (let cell = 0; cell < plane; cell += 1) {
    const [left, top, right, bottom] = [0, 1, 2, 3].map((side) => expectedBin(output.data, side, plane, cell)) as [
      number,
      number,
      number,
      number,
    ];
    const x = (cell % output.width) + 0.5;
    const y = Math.floor(cell / output.width) + 0.5;
    const ours = [x + (right - left) / 2, y + (bottom - top) / 2, left + right, top + bottom];
    if (ours.some((value, row) => boxDiffers(value * stride, given(row, cell)))) return false;
  }
  return true;
}

function expectedBin(data: Float32Array, side: number, plane: number, cell: number): number {
  let largest = -Infinity;
  for (let bin = 0; bin < DFL_BINS; bin += 1) largest = Math.max(largest, data[(side * DFL_BINS + bin) * plane + cell] as number);
  let sum = 0;
  let weighted = 0;
  for (let bin = 0; bin < DFL_BINS; bin += 1) {
    const weight = Math.exp((data[(side * DFL_BINS + bin) * plane + cell] as number) - largest);
    sum += weight;
    weighted += weight * bin;
  }
  return weighted / sum;
}
