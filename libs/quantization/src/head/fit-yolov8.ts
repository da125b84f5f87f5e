import { BOX_TERMS, DFL_BINS, meanBin, sigmoid, yolov8Box } from '@takt/evaluation';
import { boxDiffers, scoreDiffers } from './head.js';
import type { ConvOutput, DecodedOutput, HeadFit, HeadScale, ScaleOutputs } from './head.js';

/**
 * YOLOv8 and YOLOv11: per scale a box convolution (4·16 channels: each side is the mean of a softmax over 16 bins, in cells from the
 * cell's centre) and a class convolution (σ). The output is 1×(4+C)×N, cells over scale, y, x.
 */
export function fitYolov8(scales: ScaleOutputs, decoded: DecodedOutput, classes: number): HeadFit {
  const predictions = decoded.data.length / (BOX_TERMS + classes);
  const fitted: HeadScale[] = [];
  let first = 0;
  for (const [stride, members] of scales) {
    const plane = (members[0]?.width ?? 0) * (members[0]?.height ?? 0);
    if (first + plane > predictions) return { why: 'the model gives fewer predictions than its convolutions' };
    const given = (row: number, cell: number): number => decoded.data[row * predictions + first + cell] as number;
    const box = members.find((member) => member.channels === BOX_TERMS * DFL_BINS && givesBoxes(member, stride, given));
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
      if (scoreDiffers(sigmoid(output.data[channel * plane + cell] as number), given(BOX_TERMS + channel, cell))) return false;
  }
  return true;
}

function givesBoxes(output: ConvOutput, stride: number, given: (row: number, cell: number) => number): boolean {
  const plane = output.width * output.height;
  for (let cell = 0; cell < plane; cell += 1) {
    const sideAt = (side: number): number => meanBin((bin) => output.data[(side * DFL_BINS + bin) * plane + cell] as number);
    const ours = yolov8Box(sideAt, cell % output.width, Math.floor(cell / output.width), stride);
    if (ours.some((value, row) => boxDiffers(value, given(row, cell)))) return false;
  }
  return true;
}
