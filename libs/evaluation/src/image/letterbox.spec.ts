import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResizer, roundHalfEven } from './bilinear-resize.js';
import { LETTERBOX_PAD, createLetterbox, letterboxGeometry } from './letterbox.js';
import { toPlanarBytes, toPlanarFloat } from './planar.js';
import type { RgbImage } from './rgb-image.js';

const grey = (width: number, height: number, value: (x: number, y: number) => number): RgbImage => {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.fill(value(x, y), 3 * (y * width + x), 3 * (y * width + x) + 3);
  }
  return { width, height, data };
};

const resized = (image: RgbImage, width: number, height: number): number[] => {
  const canvas = new Uint8Array(width * height * 3);
  createResizer(image.width, image.height, width, height)(image, canvas, width, 0, 0);
  return [...canvas].filter((_, index) => index % 3 === 0);
};

describe('roundHalfEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, 0],
    [2.4, 2],
    [2.6, 3],
    [-0.1, 0],
  ])('%d becomes %d', (value, expected) => {
    expect(roundHalfEven(value) + 0).toBe(expected);
  });
});

describe('createResizer', () => {
  it('halves by the mean of four pixels', () => {
    const image = grey(4, 2, (x, y) => [10, 20, 30, 41][x]! + y * 100);
    expect(resized(image, 2, 1)).toEqual([65, 86]);
  });

  it('doubles with weights 1/4 and 3/4 and repeats the border', () => {
    expect(
      resized(
        grey(2, 1, (x) => x * 100),
        4,
        1,
      ),
    ).toEqual([0, 25, 75, 100]);
  });

  it('copies a picture that has the size already', () => {
    const image = grey(3, 3, (x, y) => 7 * x + y);
    const canvas = new Uint8Array(27);
    createResizer(3, 3, 3, 3)(image, canvas, 3, 0, 0);
    expect(canvas).toEqual(image.data);
  });

  it('keeps channels apart', () => {
    const canvas = new Uint8Array(2 * 3);
    createResizer(1, 1, 2, 1)({ width: 1, height: 1, data: Uint8Array.of(1, 2, 3) }, canvas, 2, 0, 0);
    expect([...canvas]).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it('never leaves the range of the source, and a constant stays constant', () => {
    const size = fc.integer({ min: 1, max: 23 });
    fc.assert(
      fc.property(size, size, size, size, fc.integer({ min: 0, max: 255 }), (sw, sh, w, h, value) => {
        expect(
          new Set(
            resized(
              grey(sw, sh, () => value),
              w,
              h,
            ),
          ),
        ).toEqual(new Set([value]));
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});

describe('letterboxGeometry', () => {
  it.each([
    { frame: [641, 359], size: 320, left: 0, top: 70, resized: [320, 179] },
    { frame: [333, 777], size: 320, left: 91, top: 0, resized: [137, 320] },
    { frame: [200, 200], size: 256, left: 0, top: 0, resized: [256, 256] },
    { frame: [1279, 721], size: 640, left: 0, top: 139, resized: [640, 361] },
  ])('centres $frame in $size', ({ frame, size, left, top, resized: [width, height] }) => {
    expect(letterboxGeometry(frame[0]!, frame[1]!, size, size)).toMatchObject({ left, top, resizedWidth: width, resizedHeight: height });
  });

  it('puts the picture into the corner where the network wants it there', () => {
    expect(letterboxGeometry(640, 427, 416, 416, 'top-left')).toMatchObject({ left: 0, top: 0, resizedWidth: 416, resizedHeight: 278 });
  });

  it('fits every frame into the canvas and touches it on one axis', () => {
    const side = fc.integer({ min: 1, max: 4000 });
    fc.assert(
      fc.property(side, side, (width, height) => {
        const { left, top, resizedWidth, resizedHeight } = letterboxGeometry(width, height, 320, 256);
        expect(left).toBeGreaterThanOrEqual(0);
        expect(top).toBeGreaterThanOrEqual(0);
        expect(left + resizedWidth).toBeLessThanOrEqual(320);
        expect(top + resizedHeight).toBeLessThanOrEqual(256);
        expect(resizedWidth === 320 || resizedHeight === 256).toBe(true);
      }),
      { seed: 11, numRuns: 500 },
    );
  });
});

describe('createLetterbox', () => {
  it('pads with grey, and again after a frame of another size', () => {
    const letterbox = createLetterbox(8, 8);
    letterbox(grey(8, 8, () => 1));
    const { canvas } = letterbox(grey(8, 4, () => 200));
    const rows = Array.from({ length: 8 }, (_, y) => canvas.data[y * 24]);
    expect(rows).toEqual([LETTERBOX_PAD, LETTERBOX_PAD, 200, 200, 200, 200, LETTERBOX_PAD, LETTERBOX_PAD]);
  });
});

describe('planes', () => {
  it('separate the colours and scale floats to 0–1', () => {
    const image: RgbImage = { width: 2, height: 1, data: Uint8Array.of(0, 51, 255, 255, 102, 0) };
    const floats = new Float32Array(6);
    toPlanarFloat(image, floats);
    expect([...floats]).toEqual([0, 1, Math.fround(51 / 255), Math.fround(102 / 255), 1, 0]);
    const bytes = new Uint8Array(6);
    toPlanarBytes(image, bytes);
    expect([...bytes]).toEqual([0, 255, 51, 102, 255, 0]);
  });
});
