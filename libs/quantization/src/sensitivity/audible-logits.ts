import { BOX_TERMS } from '@takt/evaluation';
import { LOWEST_SCORE_LOGIT } from '../graph/integer-logits.js';
import type { FittedHead } from '../head/head.js';

/**
 * Logits of one image with no score below the lowest that integers stand for: nobody reads a score that small, and where integers end
 * above it and float does not, their difference would drown every error that counts.
 *
 * @param logits one array for each output of the head, in its order, channels × height × width.
 */
export function audibleLogits(head: FittedHead, classes: number, logits: readonly Float32Array[]): Float32Array[] {
  const shapes = head.scales.flatMap(({ outputs }) => outputs);
  return logits.map((values, output) => {
    const { role, channels } = shapes[output] ?? { role: 'all', channels: 1 };
    const plane = values.length / channels;
    const columns = role === 'all' ? BOX_TERMS + 1 + classes : channels;
    const boxColumns = role === 'all' ? BOX_TERMS : role === 'box' ? channels : 0;
    return values.map((value, i) => (Math.floor(i / plane) % columns < boxColumns ? value : Math.max(value, LOWEST_SCORE_LOGIT)));
  });
}
