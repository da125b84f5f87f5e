import { describe, expect, it } from 'vitest';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import { agreementQuality, ownLabels } from './agreement-quality.js';
import { labelledQuality } from './labelled-quality.js';

const accuracy = (map50_95: number): GoldenAccuracy => ({
  stats: [],
  map50: 0.9,
  map50_95,
  perCategory: [],
  images: 1,
  groundTruth: 1,
  detections: 1,
});
const box = { classId: 1, x1: 10, y1: 20, x2: 40, y2: 30 };
const own = {
  names: ['a', 'b'],
  classesBy: 'index' as const,
  images: ownLabels(
    ['/x.png', '/y.png'],
    [
      {
        boxes: [
          { ...box, score: 0.9 },
          { ...box, score: 0.2 },
        ],
        width: 64,
        height: 64,
      },
      { boxes: [], width: 64, height: 64 },
    ],
  ),
};

describe('quality without labels', () => {
  it('takes what FP32 is sure of as ground truth', () => {
    expect(own.images.map(({ objects }) => objects)).toEqual([
      [{ classId: 1, bbox: [10, 20, 30, 10], unit: 'pixels', area: null, crowd: false }],
      [],
    ]);
  });

  it('is the share of it that is found again', async () => {
    const { gate, images, measure } = agreementQuality(own, 10, () => Promise.resolve(accuracy(0.925)));
    const { lost, accuracy: labelled } = await measure('file', 'INT8');
    expect(lost).toBeCloseTo(7.5, 9);
    expect(labelled).toBeNull();
    expect(gate.budget).toBe(10);
    expect(gate.words(lost)).toBe("finds 92.5 % of FP32's boxes again (mAP@0.5:0.95; at least 90.0 % are asked for)");
    expect(images).toBe(own.images);
  });

  it('cannot be told where FP32 finds nothing', () => {
    const silent = { ...own, images: own.images.slice(1) };
    expect(() => agreementQuality(silent, 10, () => Promise.reject(new Error('not asked for')))).toThrowError(
      /finds nothing on 1 calibration/,
    );
  });
});

describe('quality on labels', () => {
  it('is the drop of mAP@0.5:0.95 in points', async () => {
    const { gate, measure } = labelledQuality(own, 0.4, accuracy(0.6), () => Promise.resolve(accuracy(0.597)));
    const { lost } = await measure('file', 'INT8');
    expect(lost).toBeCloseTo(0.3, 9);
    expect(gate.words(lost)).toBe('loses 0.30 of 0.40 allowed points of mAP@0.5:0.95');
    expect(gate.words(-0.5)).toBe('gains 0.50 points of mAP@0.5:0.95');
  });
});
