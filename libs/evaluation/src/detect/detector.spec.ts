import { TaktError } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterboxGeometry } from '../image/letterbox.js';
import type { RgbImage } from '../image/rgb-image.js';
import { EVALUATION_THRESHOLDS, SERVING_THRESHOLDS } from './box.js';
import type { DetectionThresholds } from './box.js';
import { createDetector } from './detector.js';
import { suppress } from './suppression.js';
import { toFrame } from './to-frame.js';
import type { Candidates } from './candidates.js';
import { decodeOutput } from './decode-output.js';
import type { NetworkOutput } from './network-output.js';

/** One anchor row: x, y, w, h, objectness, class scores. */
const output = (...rows: number[][]): { data: Float32Array; dims: number[] } => ({
  data: Float32Array.from(rows.flat()),
  dims: [1, rows.length, rows[0]?.length ?? 0],
});

const decodeYolov5 = (from: NetworkOutput, classes: number, thresholds: DetectionThresholds): Candidates =>
  decodeOutput(from, { family: 'yolov5', width: 64, height: 64, classes }, thresholds);

describe('the output of YOLOv5', () => {
  it('multiplies objectness and class score, and takes the best class when serving', () => {
    const { classIds, scores, corners } = decodeYolov5(output([50, 40, 20, 10, 0.5, 0.25, 1]), 2, SERVING_THRESHOLDS);
    expect(classIds).toEqual([1]);
    expect(scores).toEqual([0.5]);
    expect(corners).toEqual([40, 35, 60, 45]);
  });

  it('gives one candidate for each class above the threshold when evaluating', () => {
    const { classIds } = decodeYolov5(output([50, 40, 20, 10, 0.5, 0.25, 1], [1, 1, 1, 1, 0.0005, 1, 1]), 2, EVALUATION_THRESHOLDS);
    expect(classIds).toEqual([0, 1]);
  });

  it('leaves out values that are not numbers', () => {
    expect(decodeYolov5(output([1, 1, 1, 1, Number.NaN, 1], [1, 1, 1, 1, 1, Number.NaN]), 1, EVALUATION_THRESHOLDS).scores).toEqual([]);
  });

  it('refuses an output of another shape and says which it wants', () => {
    const wrong = { data: new Float32Array(12), dims: [1, 2, 6] };
    expect(() => decodeYolov5(wrong, 2, SERVING_THRESHOLDS)).toThrow(TaktError);
    expect(() => decodeYolov5(wrong, 2, SERVING_THRESHOLDS)).toThrow("the model's output has shape 1×2×6");
  });
});

const candidates = (...boxes: [classId: number, score: number, x1: number, y1: number, x2: number, y2: number][]): Candidates => ({
  classIds: boxes.map(([classId]) => classId),
  scores: boxes.map(([, score]) => score),
  corners: boxes.flatMap(([, , ...corners]) => corners),
});

describe('suppress', () => {
  it('drops the weaker of two overlapping boxes of one class, keeps other classes', () => {
    const found = candidates([0, 0.5, 0, 0, 10, 10], [0, 0.9, 1, 0, 11, 10], [1, 0.4, 0, 0, 10, 10], [0, 0.3, 20, 20, 30, 30]);
    expect(suppress(found, SERVING_THRESHOLDS)).toEqual([1, 2, 3]);
  });

  it('keeps a box at exactly the threshold', () => {
    const found = candidates([0, 0.9, 0, 0, 10, 10], [0, 0.8, 0, 0, 10, 5]);
    expect(suppress(found, { ...SERVING_THRESHOLDS, iou: 0.5 })).toEqual([0, 1]);
    expect(suppress(found, { ...SERVING_THRESHOLDS, iou: 0.49 })).toEqual([0]);
  });

  it('keeps network order on equal scores and ends at the limits', () => {
    const found = candidates([0, 0.5, 0, 0, 1, 1], [0, 0.5, 5, 5, 6, 6], [0, 0.5, 8, 8, 9, 9]);
    expect(suppress(found, { ...SERVING_THRESHOLDS, maxDetections: 2 })).toEqual([0, 1]);
    expect(suppress(found, { ...SERVING_THRESHOLDS, maxCandidates: 1 })).toEqual([0]);
  });

  it('agrees with the textbook definition on random boxes', () => {
    const box = fc
      .tuple(
        fc.integer({ min: 0, max: 2 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(30),
        fc.nat(30),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
      )
      .map(([c, s, x, y, w, h]): [number, number, number, number, number, number] => [c, s / 20, x, y, x + w, y + h]);
    fc.assert(
      fc.property(fc.array(box, { maxLength: 40 }), (boxes) => {
        const found = candidates(...boxes);
        const kept = suppress(found, SERVING_THRESHOLDS);
        const iou = (a: number, b: number): number => {
          const [, , ax1, ay1, ax2, ay2] = boxes[a]!;
          const [, , bx1, by1, bx2, by2] = boxes[b]!;
          const shared = Math.max(0, Math.min(ax2, bx2) - Math.max(ax1, bx1)) * Math.max(0, Math.min(ay2, by2) - Math.max(ay1, by1));
          return shared / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared);
        };
        const stronger = (a: number, b: number): boolean => boxes[a]![1] > boxes[b]![1] || (boxes[a]![1] === boxes[b]![1] && a < b);
        boxes.forEach((candidate, index) => {
          const rival = kept.some(
            (other) =>
              other !== index && boxes[other]![0] === candidate[0] && stronger(other, index) && iou(other, index) > SERVING_THRESHOLDS.iou,
          );
          expect(kept.includes(index)).toBe(!rival);
        });
      }),
      { seed: 3, numRuns: 200 },
    );
  });
});

describe('toFrame', () => {
  it('undoes the letterbox and clips to the frame', () => {
    const geometry = letterboxGeometry(200, 100, 100, 100);
    const [box] = toFrame(candidates([2, 0.7, 10, 20, 120, 75]), [0], geometry);
    expect(box).toEqual({ classId: 2, score: 0.7, x1: 20, y1: 0, x2: 200, y2: 100 });
  });
});

describe('createDetector', () => {
  const image: RgbImage = { width: 4, height: 2, data: new Uint8Array(24).fill(255) };

  it('runs the stages in order on one clock and gives the network its own kind of input', async () => {
    const inputs: (Float32Array | Uint8Array)[] = [];
    let now = 0;
    const make = (inputType: 'float32' | 'uint8') =>
      createDetector({
        decodeImage: async (bytes) => {
          expect([...bytes]).toEqual([1, 2]);
          return Promise.resolve(image);
        },
        infer: async (input) => {
          inputs.push(input.slice());
          return Promise.resolve([output([4, 4, 4, 2, 1, 0.5])]);
        },
        model: { width: 8, height: 8, inputType, names: ['scratch'] },
        thresholds: SERVING_THRESHOLDS,
        clock: { now: () => 0, monotonic: () => (now += 1) },
      });
    const detection = await make('float32').detect(Uint8Array.of(1, 2));
    expect(detection.boxes).toEqual([{ classId: 0, score: 0.5, x1: 1, y1: 0.5, x2: 3, y2: 1.5 }]);
    expect(detection.timings).toEqual({ decodeMs: 1, preprocessMs: 1, inferenceMs: 1, postprocessMs: 1 });
    expect([detection.frameWidth, detection.frameHeight]).toEqual([4, 2]);
    await make('uint8').detect(Uint8Array.of(1, 2));
    expect(inputs[0]).toBeInstanceOf(Float32Array);
    expect(inputs[0]).toHaveLength(192);
    expect(inputs[0]?.[0]).toBe(Math.fround(114 / 255));
    expect(inputs[1]).toBeInstanceOf(Uint8Array);
    expect(inputs[1]?.[0]).toBe(114);
    expect(inputs[1]?.[16]).toBe(255);
  });

  it('passes on what the decoder says of a broken frame', async () => {
    const detector = createDetector({
      decodeImage: () => Promise.reject(new TaktError({ code: 'ImageUnreadable', message: 'broken', action: 'replace it' })),
      infer: () => Promise.reject(new Error('must not be reached')),
      model: { width: 8, height: 8, inputType: 'float32', names: ['scratch'] },
      thresholds: SERVING_THRESHOLDS,
      clock: { now: () => 0, monotonic: () => 0 },
    });
    await expect(detector.detect(new Uint8Array())).rejects.toMatchObject({ code: 'ImageUnreadable' });
  });
});
