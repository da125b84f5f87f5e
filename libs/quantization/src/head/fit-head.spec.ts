import { DFL_BINS } from '@takt/evaluation';
import { describe, expect, it } from 'vitest';
import { fitHead } from './fit-head.js';
import type { ConvOutput } from './head.js';

const size = { width: 64, height: 32 };
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Logits that repeat nowhere. */
const logits = (name: string, channels: number, stride: number, seed: number): ConvOutput => {
  const [height, width] = [size.height / stride, size.width / stride];
  const data = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin((i + 1) * 12.9898 + seed) * 3);
  return { name, channels, height, width, data };
};
const cells = ({ height, width }: ConvOutput): { x: number; y: number; at: number }[] =>
  Array.from({ length: height * width }, (_, at) => ({ x: at % width, y: Math.floor(at / width), at }));
const value = (output: ConvOutput, channel: number, at: number): number => output.data[channel * output.height * output.width + at] ?? 0;

describe('the decode of a YOLOv5 head', () => {
  const anchors: [number, number][] = [
    [10, 13.5],
    [33, 23],
  ];
  const outputs = [16, 8].map((stride) => logits(`s${String(stride)}`, 2 * 7, stride, stride));
  const rows: number[] = [];
  for (const stride of [8, 16]) {
    const output = outputs.find(({ name }) => name === `s${String(stride)}`) as ConvOutput;
    anchors.forEach((anchor, a) => {
      for (const { x, y, at } of cells(output)) {
        const t = (k: number): number => sigmoid(value(output, a * 7 + k, at));
        rows.push(
          (2 * t(0) - 0.5 + x) * stride,
          (2 * t(1) - 0.5 + y) * stride,
          (2 * t(2)) ** 2 * anchor[0],
          (2 * t(3)) ** 2 * anchor[1],
          t(4),
          t(5),
          t(6),
        );
      }
    });
  }
  const decoded = { dims: [1, rows.length / 7, 7], data: Float32Array.from(rows) };
  const shape = { family: 'yolov5', ...size, classes: 2 } as const;

  it('is found with its anchors, in the order of the strides', () => {
    expect(fitHead(shape, outputs, decoded)).toEqual({
      scales: [8, 16].map((stride) => ({ stride, anchors, outputs: [{ role: 'all', name: `s${String(stride)}`, channels: 14 }] })),
    });
  });

  it.each([
    ['centre', 0],
    ['size', 3],
    ['score', 5],
  ])('is not taken for it where a %s is decoded otherwise', (what, column) => {
    const data = decoded.data.slice();
    data[7 * 40 + column] = (data[7 * 40 + column] ?? 0) + 0.5;
    expect(fitHead(shape, outputs, { ...decoded, data })).toMatchObject({ why: expect.stringContaining(what) as string });
  });

  it('is not taken for it where predictions are missing or too many', () => {
    expect(fitHead(shape, outputs, { ...decoded, data: decoded.data.subarray(0, -7) })).toHaveProperty('why');
    expect(fitHead(shape, outputs.slice(1), decoded)).toHaveProperty('why');
    expect(fitHead({ ...shape, classes: 3 }, outputs, decoded)).toHaveProperty('why');
    expect(fitHead({ ...shape, width: 60 }, outputs, decoded)).toHaveProperty('why');
  });
});

describe('the decode of a YOLOX head', () => {
  const parts = [8, 16].map((stride) => ({
    stride,
    box: logits(`box${String(stride)}`, 4, stride, 1),
    objectness: logits(`obj${String(stride)}`, 1, stride, 2),
    classes: logits(`cls${String(stride)}`, 4, stride, 3),
  }));
  const rows = parts.flatMap(({ box, objectness, classes }) =>
    cells(box).flatMap(({ at }) => [
      ...[0, 1, 2, 3].map((k) => value(box, k, at)),
      sigmoid(value(objectness, 0, at)),
      ...[0, 1, 2, 3].map((k) => sigmoid(value(classes, k, at))),
    ]),
  );

  it('tells boxes and classes apart where both have four channels', () => {
    const outputs = parts.flatMap(({ box, objectness, classes }) => [classes, objectness, box]);
    const fit = fitHead({ family: 'yolox', ...size, classes: 4 }, outputs, {
      dims: [1, rows.length / 9, 9],
      data: Float32Array.from(rows),
    });
    expect(fit).toMatchObject({
      scales: [8, 16].map((stride) => ({
        stride,
        outputs: ['box', 'objectness', 'classes'].map((role) => ({
          role,
          name: `${role.slice(0, role === 'objectness' ? 3 : undefined).replace('classes', 'cls')}${String(stride)}`,
        })),
      })),
    });
  });
});

describe('the decode of a YOLOv8 head', () => {
  const parts = [8, 16].map((stride) => ({
    stride,
    box: logits(`box${String(stride)}`, 4 * DFL_BINS, stride, 1),
    classes: logits(`cls${String(stride)}`, 3, stride, 3),
  }));
  const columns = parts.flatMap(({ stride, box, classes }) =>
    cells(box).map(({ x, y, at }) => {
      const side = (s: number): number => {
        const weights = Array.from({ length: DFL_BINS }, (_, bin) => Math.exp(value(box, s * DFL_BINS + bin, at)));
        const sum = weights.reduce((a, b) => a + b, 0);
        return weights.reduce((mean, weight, bin) => mean + (weight / sum) * bin, 0);
      };
      const [left, top, right, bottom] = [side(0), side(1), side(2), side(3)];
      return [
        (x + 0.5 + (right - left) / 2) * stride,
        (y + 0.5 + (bottom - top) / 2) * stride,
        (left + right) * stride,
        (top + bottom) * stride,
        ...[0, 1, 2].map((k) => sigmoid(value(classes, k, at))),
      ];
    }),
  );
  const data = Float32Array.from(
    { length: 7 * columns.length },
    (_, i) => columns[i % columns.length]?.[Math.floor(i / columns.length)] ?? 0,
  );

  it('is found through its distributions', () => {
    const outputs = parts.flatMap(({ box, classes }) => [box, classes]);
    const fit = fitHead({ family: 'yolov8', ...size, classes: 3 }, outputs, { dims: [1, 7, columns.length], data });
    expect(fit).toMatchObject({ scales: [{ stride: 8, outputs: [{ name: 'box8' }, { name: 'cls8' }] }, { stride: 16 }] });
    expect(fitHead({ family: 'yolov8', ...size, classes: 3 }, outputs.slice(0, 3), { dims: [1, 7, columns.length], data })).toHaveProperty(
      'why',
    );
  });
});
