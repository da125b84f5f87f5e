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
const seen = (...scores: readonly number[]) => ({ boxes: scores.map((score) => ({ ...box, score })), width: 64, height: 64 });
const many = (score: number): readonly number[] => new Array<number>(20).fill(score);
const own = ownLabels(['/x.png', '/y.png'], [seen(...many(0.9), 0.2), seen()]);
const golden = { names: ['a', 'b'], classesBy: 'index' as const, images: own.images };

describe('quality without labels', () => {
  it('takes what FP32 is sure of as ground truth', () => {
    expect(own.leastScore).toBe(0.25);
    expect(own.images.map(({ objects }) => objects.length)).toEqual([20, 0]);
    expect(own.images[0]?.objects[0]).toEqual({ classId: 1, bbox: [10, 20, 30, 10], unit: 'pixels', area: null, crowd: false });
  });

  it('asks for less where FP32 is sure of hardly anything', () => {
    const faint = ownLabels(['/x.png'], [seen(0.9, ...many(0.06), 0.001)]);
    expect(faint).toMatchObject({ leastScore: 0.05 });
    expect(faint.images[0]?.objects).toHaveLength(21);
    expect(ownLabels(['/x.png'], [seen(0.9, 0.001)])).toMatchObject({ leastScore: 0.01, images: [{ objects: [{ classId: 1 }] }] });
  });

  it('asks for no more of a class in an image than COCO’s evaluation reads, the surest', () => {
    const crowded = ownLabels(['/x.png'], [seen(0.3, ...new Array<number>(120).fill(0.9))]);
    expect(crowded.images[0]?.objects).toHaveLength(100);
    const two = seen(...new Array<number>(60).fill(0.9));
    const classes = { ...two, boxes: [...two.boxes, ...two.boxes.map((each) => ({ ...each, classId: 0 }))] };
    expect(ownLabels(['/x.png'], [classes]).images[0]?.objects).toHaveLength(120);
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
    const { gate, measure } = labelledQuality(golden, 0.4, accuracy(0.6), () => Promise.resolve(accuracy(0.597)));
    const { lost } = await measure('file', 'INT8');
    expect(lost).toBeCloseTo(0.3, 9);
    expect(gate.words(lost)).toBe('loses 0.30 of 0.40 allowed points of mAP@0.5:0.95');
    expect(gate.words(-0.5)).toBe('gains 0.50 points of mAP@0.5:0.95');
  });
});
