import { BOX_TERMS, sigmoid } from '@takt/evaluation';
import type { FittedHead, HeadScale } from '../head/head.js';
import type { ConvOutput } from '../head/head.js';

/** Cells below it hold no object; there are thousands of them, and what happens there hardly matters. */
const LEAST_SCORE = 0.05;

/**
 * How much each element of each output at a detector's cut counts: the score that the float model gives its cell, so that an error
 * where an object is counts and one in the background does not. Where the image shows no object at all, everything counts alike.
 *
 * @param outputs FP32 logits, in the order of the head's description.
 * @returns an array as long as the data, for each output.
 */
export function cellWeights(head: FittedHead, classes: number, outputs: readonly ConvOutput[]): readonly Float32Array[] {
  let next = 0;
  const weights = head.scales.flatMap((scale) => {
    const members = scale.outputs.map(() => outputs[next++] as ConvOutput);
    return weightsOfScale(scale, classes, members);
  });
  const silent = weights.every((each) => each.every((weight) => weight === 0));
  return silent ? weights.map((each) => each.fill(1)) : weights;
}

function weightsOfScale(scale: HeadScale, classes: number, members: readonly ConvOutput[]): Float32Array[] {
  const member = (role: string): ConvOutput | undefined => members[scale.outputs.findIndex((output) => output.role === role)];
  const all = member('all');
  if (all !== undefined) {
    const columns = BOX_TERMS + 1 + classes;
    const plane = all.height * all.width;
    const weights = new Float32Array(all.data.length);
    for (let first = 0; first < all.channels; first += columns) {
      const scores = scoresOf(all, first + BOX_TERMS, all, first + BOX_TERMS + 1, classes);
      for (let channel = first; channel < first + columns; channel += 1) weights.set(scores, channel * plane);
    }
    return [weights];
  }
  const scored = member('classes') as ConvOutput;
  const scores = scoresOf(member('objectness'), 0, scored, 0, classes);
  return members.map(({ channels }) => {
    const weights = new Float32Array(channels * scores.length);
    for (let channel = 0; channel < channels; channel += 1) weights.set(scores, channel * scores.length);
    return weights;
  });
}

/** Score of each cell: objectness, where the family has one, times the best class. */
function scoresOf(
  objectness: ConvOutput | undefined,
  objectChannel: number,
  { data, height, width }: ConvOutput,
  first: number,
  classes: number,
): Float32Array {
  const plane = height * width;
  const scores = new Float32Array(plane);
  for (let cell = 0; cell < plane; cell += 1) {
    let best = -Infinity;
    for (let channel = first; channel < first + classes; channel += 1) best = Math.max(best, data[channel * plane + cell] as number);
    const object = objectness === undefined ? 1 : sigmoid(objectness.data[objectChannel * plane + cell] as number);
    const score = object * sigmoid(best);
    scores[cell] = score < LEAST_SCORE ? 0 : score;
  }
  return scores;
}
