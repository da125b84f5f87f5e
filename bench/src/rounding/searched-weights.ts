import type { FloatWeights, QuantizedConv } from './float-parts.js';
import type { PatchMoments } from './patch-moments.js';
import { roundChannel } from './round-channel.js';

/** The weights of a convolution on its integer grid, each rounded up or down by what its inputs have in common; the bias corrected. */
export function searchedWeights(conv: QuantizedConv, moments: PatchMoments, limit: number): FloatWeights {
  const { weights, scales, groups, size } = conv;
  const rounded = new Float32Array(weights.length);
  const bias = Float32Array.from(conv.bias);
  const perGroup = scales.length / groups;
  for (let group = 0; group < groups; group += 1) {
    const covariance = moments.covariance(group);
    const mean = moments.mean(group);
    for (let output = group * perGroup; output < (group + 1) * perGroup; output += 1) {
      const scale = scales[output] as number;
      const own = weights.subarray(output * size, (output + 1) * size);
      const integers = roundChannel(
        Float64Array.from(own, (weight) => weight / scale),
        covariance,
        limit,
      );
      integers.forEach((integer, i) => {
        rounded[output * size + i] = integer * scale;
        bias[output] = (bias[output] as number) + ((own[i] as number) - integer * scale) * (mean[i] as number);
      });
    }
  }
  return { weights: rounded, bias };
}
