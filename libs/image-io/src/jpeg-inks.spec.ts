import { describe, expect, it } from 'vitest';
import { inksToRgb, jpegComponents } from './jpeg-inks.js';

const START = [0xff, 0xd8];
const frame = (components: number, marker = 0xc0): number[] => [0xff, marker, 0, 8, 8, 0, 1, 0, 1, components];

describe('jpegComponents', () => {
  it.each([
    ['behind other segments', [...START, 0xff, 0xe0, 0, 4, 9, 9, 0xff, 0xee, 0, 2, ...frame(4)], 4],
    ['of a progressive picture', [...START, ...frame(3, 0xc2)], 3],
    ['behind fill bytes', [...START, 0xff, 0xff, ...frame(1)], 1],
    ['and not of a table', [...START, 0xff, 0xc4, 0, 3, 7, ...frame(3)], 3],
    ['of no JPEG', [0x89, 0x50], undefined],
    ['without a frame before the scan', [...START, 0xff, 0xda, 0, 2, ...frame(4)], undefined],
    ['of a file that is cut', [...START, 0xff, 0xc0], undefined],
    ['of bytes that are no segments', [...START, 1, 2, 3, 4, 5], undefined],
    ['of an empty file', [], undefined],
    ['of a segment of no length', [...START, 0xff, 0xe0, 0, 0, ...frame(4)], undefined],
  ])('finds them %s', (_, bytes, components) => {
    expect(jpegComponents(Uint8Array.from(bytes))).toBe(components);
  });
});

describe('inksToRgb', () => {
  it('dims each colour by black', () => {
    expect([...inksToRgb(Uint8Array.of(255, 255, 255, 255, 0, 128, 255, 255, 10, 20, 30, 0, 255, 0, 255, 128))]).toEqual([
      255, 255, 255, 1, 129, 255, 0, 0, 0, 128, 1, 128,
    ]);
  });
});
