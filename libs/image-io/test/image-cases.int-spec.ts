import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { configureImageLibrary, decodeImage } from '../src/index.js';

/** Written by `tools/golden-cases/image_cases.py`; `file` and `rgb` are base64. */
interface Cases {
  readonly from: string;
  readonly cases: readonly {
    readonly name: string;
    readonly file: string;
    readonly width: number;
    readonly height: number;
    readonly rgb: string;
  }[];
}

const { cases, from } = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/image-cases.json.gz', import.meta.url))).toString('utf8'),
) as Cases;

describe(`pictures as ${from} reads them in colour`, () => {
  beforeAll(configureImageLibrary);

  it('are there in every format', () => {
    const count = (format: string): number => cases.filter(({ name }) => name.startsWith(`${format} `)).length;
    expect({ jpeg: count('JPEG'), png: count('PNG'), bmp: count('BMP'), webp: count('WebP') }).toEqual({
      jpeg: 31,
      png: 20,
      bmp: 21,
      webp: 4,
    });
  });

  // Both sides decode JPEG with libjpeg-turbo's exact integer transform: no difference is allowed there either.
  it.each(cases)('$name: the same size and every value the same', async ({ name, file, width, height, rgb }) => {
    const image = await decodeImage(Buffer.from(file, 'base64'), name);
    expect({ width: image.width, height: image.height }).toEqual({ width, height });
    const expected = Buffer.from(rgb, 'base64');
    expect(image.data).toHaveLength(expected.length);
    const wrong = [...expected.keys()].filter((index) => image.data[index] !== expected[index]);
    expect(wrong).toEqual([]);
  });
});
