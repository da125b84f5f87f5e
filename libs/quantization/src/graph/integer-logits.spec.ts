import { describe, expect, it } from 'vitest';
import { equalizeLogits, logitScales } from './integer-logits.js';

const statistics = {
  min: -30,
  max: 20,
  low: -30,
  high: 20,
  channelRanges: { low: [-2, -1, -4, -3, -30, -20], high: [3, 4, 0.5, 2, 5, -12] },
};
const output = { name: 'head', columns: 6, boxColumns: 4 };

describe('integer logits', () => {
  const scales = logitScales(output, 6, statistics);
  const real = (channel: number, q: number): number => (scales.scale[channel] ?? 0) * (q - (scales.zeroPoint[channel] ?? 0));

  it('cover what each channel showed, with some room, and no score that is below every threshold', () => {
    for (const channel of [0, 1, 2, 3]) {
      expect(real(channel, 0)).toBeLessThan(statistics.channelRanges.low[channel] ?? 0);
      expect(real(channel, 255)).toBeGreaterThan(statistics.channelRanges.high[channel] ?? 0);
    }
    expect(real(4, 0)).toBeCloseTo(-9);
    expect(real(4, 255)).toBeGreaterThan(5);
    // A class that was never seen still has a range in which it may be.
    expect([real(5, 0), real(5, 255)]).toEqual([expect.closeTo(-9), expect.closeTo(-8)]);
  });

  it('have one range where a statistics file knows none per channel', () => {
    const { channelRanges: _, ...older } = statistics;
    const { scale, zeroPoint } = logitScales({ ...output, columns: 3, boxColumns: 1 }, 6, older);
    expect([scale.length, zeroPoint.length]).toEqual([6, 6]);
    expect(new Set(scale).size).toBe(2);
  });

  it('are what the convolution gives after its weights and bias took the scales up', () => {
    const conv = {
      weights: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
      dims: [6, 2, 1, 1],
      shape: { outputs: 6, inputsPerGroup: 2, kernel: 1, groups: 1 },
      bias: undefined,
    };
    const [x, y] = [0.25, -0.5];
    const equalized = equalizeLogits(conv, scales);
    for (let channel = 0; channel < 6; channel += 1) {
      const run = (weights: Float32Array): number => (weights[2 * channel] ?? 0) * x + (weights[2 * channel + 1] ?? 0) * y;
      const integer = run(equalized.weights) + (equalized.bias?.[channel] ?? 0);
      expect(real(channel, integer)).toBeCloseTo(run(conv.weights), 4);
    }
  });
});
