import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { samplesPerImage, sampleStride } from '../graph/calibration-graph.js';
import { UnionFind } from '../math/union-find.js';
import { ExtremesCollector, HistogramCollector, chooseRanges, imageRange } from './collect.js';
import { sampleOf } from './sample.js';
import { parseStatistics, statisticsOf } from './statistics.js';

const valid = {
  format: 'takt.statistics',
  version: 1,
  model: 'sha256:0',
  engine: 'onnxruntime 1.30.0',
  calibration: { digest: 'sha256:1', images: 2, of: 3, sample: 2, seed: 0 },
  values: { x: { min: 0, max: 1, low: 0, high: 1, channelMeans: [0.5] } },
};

describe('statisticsOf', () => {
  it.each(['constructor', '__proto__', 'toString', 'y'])('finds nothing for a value "%s" that was not calibrated', (name) => {
    expect(() => statisticsOf(parseStatistics(JSON.stringify(valid)), name)).toThrowError(/no range/);
  });

  it('finds a value of any name that was', () => {
    const text = JSON.stringify(valid).replace('"x"', '"__proto__"');
    expect(statisticsOf(parseStatistics(text), '__proto__').high).toBe(1);
  });
});

describe('parseStatistics', () => {
  it('reads what calibration wrote', () => {
    expect(parseStatistics(JSON.stringify(valid))).toEqual(valid);
  });

  it.each([
    ['no JSON', '{', /it is not JSON/],
    ['another document', '{"format":"x"}', /it is not a statistics file/],
    ['another version', JSON.stringify({ ...valid, version: 2 }), /its version is 2, this takt reads 1/],
    ['a missing part', JSON.stringify({ ...valid, model: undefined }), /a field is missing/],
    ['a missing seed', JSON.stringify({ ...valid, calibration: { ...valid.calibration, seed: undefined } }), /calibration.seed is missing/],
    [
      'a range that is no number',
      JSON.stringify({ ...valid, values: { x: { min: 0, max: null, low: 0, high: 1 } } }),
      /the entry of "x" is incomplete/,
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseStatistics(text)).toThrowError(message);
  });
});

describe('scales from training', () => {
  it('are read, and refused where they are none', () => {
    const trained = { weightScales: { conv: [0.1, 0.2], other: null } };
    expect(parseStatistics(JSON.stringify({ ...valid, trained }))).toEqual({ ...valid, trained });
    for (const wrong of [{}, { weightScales: { conv: [0] } }, { weightScales: { conv: 'x' } }])
      expect(() => parseStatistics(JSON.stringify({ ...valid, trained: wrong }))).toThrowError(/scales from training/);
  });
});

describe('sampleOf', () => {
  it('is deterministic, without repetition and in order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (count, size, seed) => {
        const items = Array.from({ length: count }, (_, i) => i);
        const sample = sampleOf(items, size, seed);
        expect(sample).toEqual(sampleOf(items, size, seed));
        expect(sample).toEqual([...new Set(sample)].sort((a, b) => a - b));
        expect(sample).toHaveLength(Math.min(size, count));
      }),
    );
  });

  it('changes with the seed', () => {
    const items = Array.from({ length: 100 }, (_, i) => i);
    expect(sampleOf(items, 10, 1)).not.toEqual(sampleOf(items, 10, 2));
  });
});

describe('sampleStride', () => {
  it('bounds the sample and walks over all columns', () => {
    const dim = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(fc.tuple(fc.constant(1), dim, dim, dim), fc.integer({ min: 1, max: 5000 }), (shape, images) => {
        const most = samplesPerImage(images);
        const count = shape.reduce((a, b) => a * b, 1);
        const stride = sampleStride(shape, most);
        expect(Math.ceil(count / stride)).toBeLessThanOrEqual(most);
        if (count <= most) expect(stride).toBe(1);
        else
          for (const prime of [2, 3, 5, 7]) expect(stride % prime === 0 && ((shape[2] ?? 1) * (shape[3] ?? 1)) % prime === 0).toBe(false);
      }),
    );
  });
});

describe('UnionFind', () => {
  it('joins chains whatever their order', () => {
    const ties = new UnionFind();
    ties.union('c', 'd');
    ties.union('a', 'b');
    ties.union('b', 'c');
    expect(ties.groups(['a', 'b', 'c', 'd', 'e'])).toEqual([['a', 'b', 'c', 'd'], ['e']]);
  });
});

describe('chooseRanges', () => {
  const plan = {
    sources: new Map(),
    measured: ['images', 'a', 'b', 's'],
    groups: [['images'], ['a', 'b'], ['s']],
    symmetricGroups: [['images'], ['a', 'b', 's']],
    analytic: new Map([['s', { low: 0, high: 1 }]]),
    transfers: new Map(),
    channelMeans: new Set(['a']),
    channelRanges: new Set(['a']),
  };

  it('gives a tie group one range, keeps own extremes and averages channel means', () => {
    const extremes = new ExtremesCollector();
    extremes.add('images', 0.01, 0.98);
    extremes.add('a', -1, 2);
    extremes.addMeans('a', Float32Array.of(1, 3));
    extremes.add('a', -2, 1);
    extremes.addMeans('a', Float32Array.of(2, 5));
    extremes.add('b', 0, 8);
    extremes.add('s', 0.1, 0.9);
    extremes.addChannels('a', Float32Array.of(-1, 0), Float32Array.of(1, 2));
    extremes.addChannels('a', Float32Array.of(0, -2), Float32Array.of(1.5, 1));
    const histograms = new HistogramCollector(['images', 'a', 'b', 's'], extremes);
    histograms.add('a', Float32Array.of(-2, -1, 0, 1, 2));
    histograms.add('b', Float32Array.of(0, 4, 8));
    const entries = chooseRanges(plan, new Set(['images']), extremes, histograms);
    expect(entries['images']).toMatchObject({ low: 0, high: 1, min: 0.01, max: 0.98 });
    expect(entries['a']).toMatchObject({ min: -2, max: 2, channelMeans: [1.5, 4], channelRanges: { low: [-1, -2], high: [1.5, 2] } });
    expect(entries['b']).not.toHaveProperty('channelRanges');
    expect([entries['a'], entries['b'], entries['s']].map((entry) => entry?.amax)).toEqual([8, 8, 8]);
    expect([entries['a']?.low, entries['a']?.high]).toEqual([entries['b']?.low, entries['b']?.high]);
    expect(entries['s']).toMatchObject({ low: 0, high: 1, min: 0.1, max: 0.9 });
  });

  it('refuses what is not finite, naming the value', () => {
    expect(() => {
      new ExtremesCollector().add('a', Number.NaN, 1);
    }).toThrowError(/"a" is not finite/);
  });

  it('knows images of 0–1 and 0–255, and nothing else', () => {
    expect(imageRange({ low: 0, high: 0.9 })).toEqual({ low: 0, high: 1 });
    expect(imageRange({ low: 3, high: 250 })).toEqual({ low: 0, high: 255 });
    expect(imageRange({ low: -2, high: 2.6 })).toBeUndefined();
    expect(imageRange({ low: 0, high: 1.7 })).toBeUndefined();
  });
});
