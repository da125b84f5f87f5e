import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createLetterbox } from '../src/index.js';
import type { RgbImage } from '../src/index.js';

/** Written by `tools/golden-cases/letterbox_cases.py`. */
type Row = [
  sourceWidth: number,
  sourceHeight: number,
  width: number,
  height: number,
  centred: number,
  left: number,
  top: number,
  digest: string,
];

const { cases, from } = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/letterbox-cases.json.gz', import.meta.url))).toString('utf8'),
) as { from: string; cases: Row[] };

/** The same noise as the script's `texture`. */
function texture(width: number, height: number, seed: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < data.length; index += 1) {
    const value = Math.imul(index + seed * 7919, 2_654_435_761) >>> 0;
    data[index] = Math.imul(value ^ (value >>> 15), 2_246_822_519) >>> 24;
  }
  return { width, height, data };
}

describe(`letterbox as ${from} makes it`, () => {
  it('gives every pixel of every case, exactly', () => {
    expect(cases.length).toBeGreaterThan(300);
    const wrong = cases.filter(([sourceWidth, sourceHeight, width, height, centred, left, top, digest], seed) => {
      const { canvas, geometry } = createLetterbox(
        width,
        height,
        centred === 1 ? 'centre' : 'top-left',
      )(texture(sourceWidth, sourceHeight, seed));
      const found = createHash('sha256').update(canvas.data).digest('hex').slice(0, digest.length);
      return found !== digest || geometry.left !== left || geometry.top !== top;
    });
    expect(wrong.map((row) => row.slice(0, -1).join(' '))).toEqual([]);
  });
});
