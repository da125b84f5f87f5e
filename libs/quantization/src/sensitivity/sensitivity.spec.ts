import { describe, expect, it } from 'vitest';
import type { FittedHead } from '../head/head.js';
import { audibleLogits } from './audible-logits.js';
import { cellWeights } from './cell-weights.js';
import { channelWeights, counts, outputError, weighSingleValues } from './output-error.js';
import { rankLayers } from './rank.js';

describe('audibleLogits', () => {
  const head = (role: 'all' | 'classes', channels: number): FittedHead => ({
    scales: [{ stride: 8, anchors: [], outputs: [{ role, name: 'x', channels }] }],
  });

  it('leaves box terms as they are and raises scores that nobody reads, whichever channels they lie in', () => {
    const all = Float32Array.from({ length: 12 }, () => -20);
    expect([...(audibleLogits(head('all', 12), 1, [all])[0] ?? [])]).toEqual([-20, -20, -20, -20, -9, -9, -20, -20, -20, -20, -9, -9]);
    const scores = Float32Array.of(-20, 3, -9.5, -8);
    expect([...(audibleLogits(head('classes', 2), 2, [scores])[0] ?? [])]).toEqual([-9, 3, -9, -8]);
  });
});

describe('cellWeights', () => {
  const head = { scales: [{ stride: 8, anchors: [], outputs: [{ name: 'p', role: 'all', channels: 12 }] }] } as unknown as FittedHead;
  /** Two anchors of box, objectness and one class over two cells; all logits −9 but those given, by channel and cell. */
  const logits = (...high: (readonly [number, number])[]): Float32Array => {
    const data = new Float32Array(24).fill(-9);
    for (const [channel, cell] of high) data[channel * 2 + cell] = 9;
    return data;
  };
  const weigh = (data: Float32Array): Float32Array =>
    cellWeights(head, 1, [{ name: 'p', channels: 12, height: 1, width: 2, data }])[0] as Float32Array;

  it('counts the cell and anchor that hold an object, in all their terms', () => {
    const weights = weigh(logits([4, 1], [5, 1]));
    for (let channel = 0; channel < 12; channel += 1) {
      expect(weights[channel * 2]).toBe(0);
      expect(weights[channel * 2 + 1]).toBeCloseTo(channel < 6 ? 1 : 0, 3);
    }
  });

  it('counts everything alike where nothing is seen, as with objectness and no class', () => {
    expect(weigh(logits([4, 1])).every((weight) => weight === 1)).toBe(true);
  });
});

describe('outputError', () => {
  it('is the weighted mean of squared differences', () => {
    const reference = [{ values: Float32Array.of(1, 2, 3), weights: Float32Array.of(1, 0, 3) }];
    expect(outputError(reference, [Float32Array.of(2, 9, 5)])).toBe((1 + 3 * 4) / 4);
  });

  it('refuses outputs of another size', () => {
    expect(() => outputError([{ values: new Float32Array(3), weights: new Float32Array(3) }], [new Float32Array(2)])).toThrowError(
      RangeError,
    );
  });
});

describe('channelWeights', () => {
  it('lets channels of large and of small values count alike', () => {
    const weights = channelWeights(Float32Array.of(-100, 100, -1, 1), [1, 2, 2], 1);
    expect((weights[2] as number) / (weights[0] as number)).toBeCloseTo(10_000, 0);
  });

  it('measures single values, as of a classifier, against all of them', () => {
    expect([...channelWeights(Float32Array.of(1, 3), [1, 2], 1)]).toEqual([1, 1]);
  });

  it('has nothing count that does not vary', () => {
    expect([...channelWeights(Float32Array.of(7, 7), [1, 2], 1)]).toEqual([0, 0]);
    expect([...channelWeights(Float32Array.of(7, 7, 7, 7), [1, 2, 2], 1)]).toEqual([0, 0, 0, 0]);
    expect([...channelWeights(Float32Array.of(7), [1, 1], 1)]).toEqual([0]);
  });

  it('measures an output of one value against how it varies over the images', () => {
    const one = (value: number) => [{ values: Float32Array.of(value), weights: Float32Array.of(0) }, wide];
    const wide = { values: Float32Array.of(1, 2), weights: Float32Array.of(4, 4) };
    expect(weighSingleValues([one(1), one(3)]).map(([first]) => first?.weights[0])).toEqual([1, 1]);
    expect(weighSingleValues([one(1), one(3)])[0]?.[1]).toBe(wide);
    const [still = []] = weighSingleValues([one(3).slice(0, 1), one(3).slice(0, 1)]);
    expect(counts(still)).toBe(false);
    expect(counts([wide])).toBe(true);
  });
});

describe('rankLayers', () => {
  it('puts the layer first whose float takes most of the error away', () => {
    const ranked = rankLayers(
      2,
      new Map([
        ['a', 1.9],
        ['b', 0.5],
        ['c', 2.2],
      ]),
    );
    expect(ranked.map(({ layer }) => layer)).toEqual(['b', 'a', 'c']);
    expect(ranked.map(({ share }) => Number(share.toFixed(3)))).toEqual([0.75, 0.05, -0.1]);
  });

  it('has no shares where there is no error', () => {
    expect(rankLayers(0, new Map([['a', 0]]))).toEqual([{ layer: 'a', share: 0 }]);
  });
});
