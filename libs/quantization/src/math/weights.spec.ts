import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quantizeBias, smallestWeightScales } from './bias.js';
import { weightRoundingShift } from './bias-correction.js';
import { WeightLimit, quantizePerChannel, quantizePerTensor } from './weights.js';

const weightsOf = fc
  .array(fc.float({ min: -4, max: 4, noNaN: true }), { minLength: 12, maxLength: 12 })
  .map((list) => Float32Array.from(list));
const error = (weights: Float32Array, { values, scales }: { values: Int8Array; scales: Float32Array }): number =>
  weights.reduce(
    (sum, weight, i) =>
      sum + (weight - (scales[scales.length === 1 ? 0 : Math.floor((i * scales.length) / weights.length)] ?? 0) * (values[i] ?? 0)) ** 2,
    0,
  );

describe('quantizePerChannel', () => {
  it.each([WeightLimit.eightBit, WeightLimit.sevenBit])('stays within ±%d and is never worse than without clipping', (limit) => {
    fc.assert(
      fc.property(weightsOf, (weights) => {
        const quantized = quantizePerChannel(weights, 3, limit);
        expect(quantized.scales).toHaveLength(3);
        for (const value of quantized.values) expect(Math.abs(value)).toBeLessThanOrEqual(limit);
        const unclipped = [0, 4, 8]
          .map((at) => weights.subarray(at, at + 4))
          .reduce((sum, part) => sum + error(part, quantizePerTensor(part, limit)), 0);
        expect(error(weights, quantized)).toBeLessThanOrEqual(unclipped * 1.001 + 1e-6);
      }),
    );
  });

  it('cannot overflow a saturating int16 sum of two products with 7 bits', () => {
    expect(2 * 255 * WeightLimit.sevenBit).toBeLessThan(2 ** 15);
  });

  it('gives an empty channel zeros and a usable scale', () => {
    const { values, scales } = quantizePerChannel(Float32Array.of(0, 0, 1, -1), 2, WeightLimit.eightBit);
    expect([...values]).toEqual([0, 0, 127, -127]);
    expect(scales[0]).toBeGreaterThan(0);
  });

  it('clips a lone large weight when the others gain more', () => {
    const weights = Float32Array.from({ length: 2000 }, (_, i) => (i === 0 ? 1.3 : Math.sin(i)));
    expect(quantizePerChannel(weights, 1, WeightLimit.eightBit).scales[0]).toBeLessThan(1.3 / 127);
  });
});

describe('quantizeBias', () => {
  it('stays within half a step where it fits', () => {
    const { values, scales } = quantizeBias(Float32Array.of(0.5, -2), 0.02, Float32Array.of(0.001, 0.003));
    expect(values[0]).toBe(25_000);
    expect(Math.abs((values[1] ?? 0) * (scales[1] ?? 0) + 2)).toBeLessThan(0.02 * 0.003);
  });

  it('has room in int32 once the weight scale is enlarged', () => {
    const bias = Float32Array.of(1000);
    const inputScale = 1e-6;
    const [smallest = 0] = smallestWeightScales(bias, inputScale);
    const quantized = quantizePerChannel(Float32Array.of(1e-9), 1, WeightLimit.eightBit, { smallestScales: Float64Array.of(smallest) });
    expect(quantized.scales[0]).toBeGreaterThanOrEqual(Math.fround(smallest));
    const { values, scales } = quantizeBias(bias, inputScale, quantized.scales);
    expect(Math.abs(values[0] ?? 0)).toBeLessThan(2 ** 31 - 1);
    expect((values[0] ?? 0) * (scales[0] ?? 0)).toBeCloseTo(1000, 2);
  });

  it('saturates instead of wrapping', () => {
    expect(quantizeBias(Float32Array.of(-1), 1e-9, Float32Array.of(1e-9)).values[0]).toBe(-(2 ** 31 - 1));
  });
});

describe('weightRoundingShift', () => {
  it('is the difference of the mean outputs', () => {
    const weights = Float32Array.of(0.11, 0.24, -0.38, 0.07, 0.5, -0.2, 0.33, 0.9);
    const quantized = { values: Int8Array.of(1, 2, -4, 1, 5, -2, 3, 9), scales: Float32Array.of(0.1, 0.1) };
    const shape = { outputs: 2, inputsPerGroup: 2, kernel: 2, groups: 1 };
    const [first = 0, second = 0] = weightRoundingShift(weights, quantized, shape, [2, -1]);
    expect(first).toBeCloseTo((0.01 + 0.04) * 2 - (0.02 - 0.03), 5);
    expect(second).toBeCloseTo(0 * 2 - (0.03 + 0), 5);
  });

  it('reads the means of its own group', () => {
    const shape = { outputs: 2, inputsPerGroup: 1, kernel: 1, groups: 2 };
    const shift = weightRoundingShift(
      Float32Array.of(0.14, 0.14),
      { values: Int8Array.of(1, 1), scales: Float32Array.of(0.1) },
      shape,
      [1, 10],
    );
    expect(shift[0]).toBeCloseTo(0.04, 5);
    expect(shift[1]).toBeCloseTo(0.4, 5);
  });
});
