import { BOX_TERMS, sigmoid } from '@takt/evaluation';
import { boxDiffers, scoreDiffers } from './head.js';
import type { ConvOutput, DecodedOutput, HeadFit, HeadScale, OutputRole, ScaleOutputs } from './head.js';

/**
 * YOLOX: per scale three convolutions (box, objectness, classes); the export gives the box as it is and σ on the others. Rows run
 * over scale, y, x. Which convolution is which is told by what the output holds, since their channels may be equal.
 */
export function fitYolox(scales: ScaleOutputs, decoded: DecodedOutput, classes: number): HeadFit {
  const columns = BOX_TERMS + 1 + classes;
  const fitted: HeadScale[] = [];
  let row = 0;
  for (const [stride, members] of scales) {
    const found: { role: OutputRole; name: string; channels: number }[] = [];
    const plane = (members[0]?.width ?? 0) * (members[0]?.height ?? 0);
    if ((row + plane) * columns > decoded.data.length) return { why: 'the model gives fewer predictions than its convolutions' };
    for (const { role, first, channels } of [
      { role: 'box', first: 0, channels: BOX_TERMS },
      { role: 'objectness', first: BOX_TERMS, channels: 1 },
      { role: 'classes', first: BOX_TERMS + 1, channels: classes },
    ] as const) {
      const member = members.find((each) => each.channels === channels && holds(each, decoded.data, row, columns, first, role !== 'box'));
      if (member === undefined) return { why: `no convolution of stride ${String(stride)} gives the ${role} of the output` };
      found.push({ role, name: member.name, channels });
    }
    fitted.push({ stride, anchors: [], outputs: found });
    row += plane;
  }
  if (row * columns !== decoded.data.length) return { why: 'the model gives more predictions than its convolutions' };
  return { scales: fitted };
}

function holds(output: ConvOutput, decoded: Float32Array, row: number, columns: number, first: number, isScore: boolean): boolean {
  const plane = output.width * output.height;
  for (let channel = 0; channel < output.channels; channel += 1) {
    for (let cell = 0; cell < plane; cell += 1) {
      const logit = output.data[channel * plane + cell] as number;
      const given = decoded[(row + cell) * columns + first + channel] as number;
      if (isScore ? scoreDiffers(sigmoid(logit), given) : boxDiffers(logit, given)) return false;
    }
  }
  return true;
}
