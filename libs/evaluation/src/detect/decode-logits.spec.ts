import { describe, expect, it } from 'vitest';
import { EVALUATION_THRESHOLDS, SERVING_THRESHOLDS } from './box.js';
import type { DetectionThresholds } from './box.js';
import { decodeLogits } from './decode-logits.js';
import { decodeOutput } from './decode-output.js';
import type { DetectorFamily, LogitOutput, LogitRole, LogitScale } from './detector-description.js';
import type { NetworkOutput } from './network-output.js';

const SIZE = { width: 64, height: 32 };
const CLASSES = 3;
const STRIDES = [8, 16, 32];
const ANCHORS: [number, number][] = [
  [10, 13],
  [33, 23],
];
const BINS = 16;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Roles of a family's outputs at one scale, with their channels. */
const ROLES: Readonly<Record<DetectorFamily, readonly (readonly [LogitRole, number])[]>> = {
  yolov5: [['all', ANCHORS.length * (5 + CLASSES)]],
  yolox: [
    ['box', 4],
    ['objectness', 1],
    ['classes', CLASSES],
  ],
  yolov8: [
    ['box', 4 * BINS],
    ['classes', CLASSES],
  ],
};

/** A head with logits that repeat nowhere, each also as integers of a scale per channel, and what the family's export makes of them. */
function makeHead(family: DetectorFamily, stored: 'float32' | 'uint8') {
  const outputs: NetworkOutput[] = [];
  const scales: LogitScale[] = [];
  const rows: number[][] = [];
  for (const stride of STRIDES) {
    const [width, height] = [SIZE.width / stride, SIZE.height / stride];
    const plane = width * height;
    const values = new Map<LogitRole, (channel: number, cell: number) => number>();
    const described: LogitOutput[] = [];
    for (const [role, channels] of ROLES[family]) {
      const scale = Array.from({ length: channels }, (_, c) => 0.03 + 0.002 * (c % 7));
      const zeroPoint = Array.from({ length: channels }, (_, c) => 140.25 - 3.5 * (c % 5));
      const integers = Uint8Array.from({ length: channels * plane }, (_, i) => Math.abs(Math.sin((i + 1) * 12.9898 + stride)) * 255);
      const real = (channel: number, cell: number): number =>
        (scale[channel] ?? 0) * ((integers[channel * plane + cell] ?? 0) - (zeroPoint[channel] ?? 0));
      values.set(role, real);
      const isFloat = stored === 'float32';
      outputs.push({
        dims: [1, channels, height, width],
        data: isFloat ? Float32Array.from(integers, (_, i) => real(Math.floor(i / plane), i % plane)) : integers,
      });
      described.push({ role, name: `${role}${String(stride)}`, scale: isFloat ? null : scale, zeroPoint: isFloat ? null : zeroPoint });
    }
    scales.push({ stride, anchors: family === 'yolov5' ? ANCHORS : [], outputs: described });
    const at = (role: LogitRole, channel: number, cell: number): number => values.get(role)?.(channel, cell) ?? Number.NaN;
    for (let anchor = 0; anchor < (family === 'yolov5' ? ANCHORS.length : 1); anchor += 1) {
      for (let cell = 0; cell < plane; cell += 1) {
        const [x, y] = [cell % width, Math.floor(cell / width)];
        const classes = Array.from({ length: CLASSES }, (_, c) => c);
        if (family === 'yolov5') {
          const s = (k: number): number => sigmoid(at('all', anchor * (5 + CLASSES) + k, cell));
          const [w, h] = ANCHORS[anchor] ?? [0, 0];
          rows.push([
            (2 * s(0) - 0.5 + x) * stride,
            (2 * s(1) - 0.5 + y) * stride,
            (2 * s(2)) ** 2 * w,
            (2 * s(3)) ** 2 * h,
            s(4),
            ...classes.map((c) => s(5 + c)),
          ]);
        } else if (family === 'yolox') {
          rows.push([
            ...[0, 1, 2, 3].map((k) => at('box', k, cell)),
            sigmoid(at('objectness', 0, cell)),
            ...classes.map((c) => sigmoid(at('classes', c, cell))),
          ]);
        } else {
          const side = (k: number): number => {
            const weights = Array.from({ length: BINS }, (_, bin) => Math.exp(at('box', k * BINS + bin, cell)));
            return weights.reduce((mean, weight, bin) => mean + weight * bin, 0) / weights.reduce((a, b) => a + b, 0);
          };
          const [l, t, r, b] = [side(0), side(1), side(2), side(3)];
          rows.push([
            (x + 0.5 + (r - l) / 2) * stride,
            (y + 0.5 + (b - t) / 2) * stride,
            (l + r) * stride,
            (t + b) * stride,
            ...classes.map((c) => sigmoid(at('classes', c, cell))),
          ]);
        }
      }
    }
  }
  const columns = rows[0]?.length ?? 0;
  const decoded: NetworkOutput =
    family === 'yolov8'
      ? {
          dims: [1, columns, rows.length],
          data: Float32Array.from({ length: columns * rows.length }, (_, i) => rows[i % rows.length]?.[Math.floor(i / rows.length)] ?? 0),
        }
      : { dims: [1, rows.length, columns], data: Float32Array.from(rows.flat()) };
  return { outputs, scales, decoded };
}

const near = (a: readonly number[], b: readonly number[], tolerance: number): void => {
  expect(a).toHaveLength(b.length);
  a.forEach((value, i) => {
    expect(Math.abs(value - (b[i] ?? Number.NaN))).toBeLessThan(tolerance);
  });
};

const families = ['yolov5', 'yolox', 'yolov8'] as const;
const thresholds: DetectionThresholds[] = [
  SERVING_THRESHOLDS,
  EVALUATION_THRESHOLDS,
  { ...SERVING_THRESHOLDS, confidence: 0.6, multiLabel: true },
  { ...SERVING_THRESHOLDS, confidence: 0 },
];

describe('logits of a head that is cut off', () => {
  for (const family of families) {
    for (const stored of ['float32', 'uint8'] as const) {
      it.each(thresholds)(
        `of ${family} as ${stored} give the boxes of its export, in its order (confidence $confidence, $multiLabel)`,
        (limit) => {
          const { outputs, scales, decoded } = makeHead(family, stored);
          const ours = decodeLogits(outputs, { family, classes: CLASSES, scales }, limit);
          const theirs = decodeOutput(decoded, { family, ...SIZE, classes: CLASSES }, limit);
          expect(ours.scores.length).toBeGreaterThan(0);
          expect(ours.classIds).toEqual(theirs.classIds);
          near(ours.scores, theirs.scores, 1e-5);
          near(ours.corners, theirs.corners, 1e-2);
        },
      );
    }
  }

  it('that are no numbers give no box', () => {
    const { outputs, scales } = makeHead('yolov5', 'float32');
    for (const { data } of outputs) data.fill(Number.NaN);
    expect(decodeLogits(outputs, { family: 'yolov5', classes: CLASSES, scales }, EVALUATION_THRESHOLDS).scores).toEqual([]);
  });

  it.each([
    ['is missing', (outputs: NetworkOutput[]) => outputs.slice(0, 2)],
    ['has shape 1×16', (outputs: NetworkOutput[]) => outputs.map((output) => ({ ...output, dims: [1, 16] }))],
    [
      'is of floats and has a scale',
      (outputs: NetworkOutput[]) => outputs.map((output) => ({ ...output, data: Float32Array.from(output.data) })),
    ],
  ])('that are not as described are refused: %s', (message, change) => {
    const { outputs, scales } = makeHead('yolov5', 'uint8');
    expect(() => decodeLogits(change(outputs), { family: 'yolov5', classes: CLASSES, scales }, SERVING_THRESHOLDS)).toThrow(message);
  });

  it.each(families)('of %s are refused where the channels do not fit the classes', (family) => {
    const { outputs, scales } = makeHead(family, 'uint8');
    expect(() => decodeLogits(outputs, { family, classes: CLASSES + 1, scales }, SERVING_THRESHOLDS)).toThrow('channels for');
  });

  it('of yolov5 are refused without anchors', () => {
    const { outputs, scales } = makeHead('yolov5', 'uint8');
    const bare = scales.map((scale) => ({ ...scale, anchors: [] }));
    expect(() => decodeLogits(outputs, { family: 'yolov5', classes: CLASSES, scales: bare }, SERVING_THRESHOLDS)).toThrow('0 anchors');
  });
});

describe('the output of a family', () => {
  it.each(families)('%s is refused in another shape, and the message says which it wants', (family) => {
    const wrong = { data: new Float32Array(12), dims: [1, 3, 4] };
    expect(() => decodeOutput(wrong, { family, ...SIZE, classes: 2 }, SERVING_THRESHOLDS)).toThrow(family === 'yolov8' ? '1×6×N' : '1×N×7');
  });

  it('yolox must have one prediction for each cell', () => {
    const wrong = { data: new Float32Array(7), dims: [1, 1, 7] };
    expect(() => decodeOutput(wrong, { family: 'yolox', ...SIZE, classes: 2 }, SERVING_THRESHOLDS)).toThrow('42 of 64×32 pixels');
  });
});
