import { createLetterbox } from '@takt/evaluation';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../src/index.js';

const reference = process.env['TAKT_REFERENCE_DIR'];
const folder = reference === undefined ? undefined : join(reference, 'data/letterbox-golden');

interface GoldenCase {
  readonly case: number;
  readonly input: [number, number];
  readonly size: number;
  readonly family: 'yolov5' | 'yolox';
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

const cases = folder === undefined ? [] : (JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as GoldenCase[]);

describe('letterbox as OpenCV resizes', () => {
  it.skipIf(folder === undefined).each(cases.length > 0 ? cases : [undefined])(
    'agrees in every pixel on case %# (needs TAKT_REFERENCE_DIR)',
    async (golden) => {
      if (golden === undefined || folder === undefined) return;
      const input = await decodeImage(readFileSync(join(folder, `${String(golden.case)}-in.png`)));
      const expected = await decodeImage(readFileSync(join(folder, `${String(golden.case)}-out.png`)));
      expect([input.width, input.height]).toEqual(golden.input);
      const { canvas, geometry } = createLetterbox(golden.size, golden.size, golden.family === 'yolox' ? 'top-left' : 'centre')(input);
      expect(geometry).toMatchObject({ scaleX: golden.scale, scaleY: golden.scale, left: golden.left, top: golden.top });
      expect(canvas.data).toHaveLength(expected.data.length);
      expect(Buffer.compare(canvas.data, expected.data)).toBe(0);
    },
  );
});
