import { describe, expect, it } from 'vitest';
import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from './coco-data.js';
import { evaluateCoco } from './evaluate-coco.js';
import { IOU_THRESHOLDS, RECALL_POINTS } from './parameters.js';

type XYWH = [number, number, number, number];

const truth = (imageId: number, bbox: XYWH, rest: Partial<CocoAnnotation> = {}): CocoAnnotation => ({
  imageId,
  categoryId: 1,
  bbox,
  area: bbox[2] * bbox[3],
  crowd: false,
  ...rest,
});
const found = (imageId: number, bbox: XYWH, score: number, categoryId = 1): CocoDetection => ({ imageId, categoryId, bbox, score });
const set = (annotations: CocoAnnotation[], categories = 1, images = 2): CocoGroundTruth => ({
  images: Array.from({ length: images }, (_, index) => ({ id: index + 1 })),
  categories: Array.from({ length: categories }, (_, index) => ({ id: index + 1, name: `c${String(index + 1)}` })),
  annotations,
});

describe('parameters', () => {
  it('are the thresholds and recall points of COCO, to the last bit', () => {
    expect(IOU_THRESHOLDS).toHaveLength(10);
    expect(IOU_THRESHOLDS[9]).toBe(0.95);
    expect(RECALL_POINTS).toHaveLength(101);
    expect(RECALL_POINTS[100]).toBe(1);
  });
});

describe('evaluateCoco', () => {
  it('gives 1 for a perfect detector', () => {
    const { stats, perCategory } = evaluateCoco(set([truth(1, [0, 0, 10, 10]), truth(2, [5, 5, 50, 50])]), [
      found(1, [0, 0, 10, 10], 0.9),
      found(2, [5, 5, 50, 50], 0.8),
    ]);
    // One small and one medium object, no large one.
    expect(stats.map((value) => Math.round(value * 1e9) / 1e9)).toEqual([1, 1, 1, 1, 1, -1, 1, 1, 1, 1, 1, -1]);
    expect(perCategory[0]?.ap).toBeCloseTo(1, 12);
    expect(perCategory[0]?.name).toBe('c1');
  });

  it('gives 0 where nothing is found and −1 where nothing is to be found', () => {
    expect(evaluateCoco(set([truth(1, [0, 0, 10, 10])]), []).map50_95).toBe(0);
    const empty = evaluateCoco(set([]), [found(1, [0, 0, 10, 10], 0.9)]);
    expect(empty.map50_95).toBe(-1);
    expect(empty.stats).toEqual(Array.from({ length: 12 }, () => -1));
  });

  it('counts IoU thresholds up to the overlap', () => {
    // Overlap 80 of 100: thresholds 0.50 … 0.80 are met, seven of ten.
    const { stats, map50 } = evaluateCoco(set([truth(1, [0, 0, 10, 10])]), [found(1, [0, 0, 10, 8], 0.9)]);
    expect(stats[0]).toBeCloseTo(0.7, 9);
    expect(map50).toBeCloseTo(1, 9);
  });

  it('punishes a false alarm that ranks first: precision 1/2 at every recall', () => {
    const { map50 } = evaluateCoco(set([truth(1, [0, 0, 10, 10])]), [found(1, [50, 50, 10, 10], 0.9), found(1, [0, 0, 10, 10], 0.8)]);
    expect(map50).toBeCloseTo(0.5, 9);
  });

  it('counts a second box on the same object as a false alarm', () => {
    const detections = [found(1, [0, 0, 10, 10], 0.9), found(1, [0, 0, 10, 10], 0.8), found(2, [0, 0, 10, 10], 0.7)];
    // Right, wrong, right: precision 1 up to recall 1/2 (51 points), then 2/3 (50 points).
    const { map50 } = evaluateCoco(set([truth(1, [0, 0, 10, 10]), truth(2, [0, 0, 10, 10])]), detections);
    expect(map50).toBeCloseTo((51 + (50 * 2) / 3) / 101, 9);
  });

  it('neither rewards nor punishes boxes in a crowd, any number of them', () => {
    const annotations = [truth(1, [0, 0, 10, 10]), truth(1, [100, 100, 100, 100], { crowd: true })];
    const detections = [found(1, [110, 110, 10, 10], 0.9), found(1, [120, 120, 10, 10], 0.9), found(1, [0, 0, 10, 10], 0.5)];
    expect(evaluateCoco(set(annotations), detections).map50_95).toBeCloseTo(1, 9);
  });

  it('lets at most 100 boxes of an image and class count', () => {
    const wrong = Array.from({ length: 100 }, (_, index) => found(1, [500 + index, 500, 1, 1], 0.9));
    expect(evaluateCoco(set([truth(1, [0, 0, 10, 10])]), [...wrong, found(1, [0, 0, 10, 10], 0.5)]).map50).toBe(0);
  });

  it('leaves a class without objects out of the mean, and its boxes too', () => {
    const { map50_95, perCategory } = evaluateCoco(set([truth(1, [0, 0, 10, 10])], 2), [
      found(1, [0, 0, 10, 10], 0.9),
      found(1, [0, 0, 10, 10], 0.9, 2),
      found(1, [0, 0, 10, 10], 0.9, 77),
    ]);
    expect(map50_95).toBeCloseTo(1, 9);
    expect(perCategory.map(({ ap }) => Math.round(ap))).toEqual([1, -1]);
  });

  it('sorts objects into sizes by their area', () => {
    const annotations = [truth(1, [0, 0, 32, 32]), truth(1, [100, 100, 96, 96.5])];
    const { stats } = evaluateCoco(set(annotations), [found(1, [0, 0, 32, 32], 0.9)]);
    // 1024 pixels² is both small and medium, 9264 is large.
    expect(stats.slice(3, 6).map((value) => Math.round(value))).toEqual([1, 1, 0]);
    expect(stats[8]).toBeCloseTo(0.5, 12);
  });

  it('keeps the order of equal scores', () => {
    const annotations = [truth(1, [0, 0, 10, 10])];
    const right = found(1, [0, 0, 10, 10], 0.5);
    const wrong = found(1, [50, 50, 10, 10], 0.5);
    expect(evaluateCoco(set(annotations), [right, wrong]).map50).toBeCloseTo(1, 9);
    expect(evaluateCoco(set(annotations), [wrong, right]).map50).toBeCloseTo(0.5, 9);
  });

  it('refuses detections of an image it does not know', () => {
    expect(() => evaluateCoco(set([]), [found(9, [0, 0, 1, 1], 0.5)])).toThrow('a detection names image 9');
  });
});
