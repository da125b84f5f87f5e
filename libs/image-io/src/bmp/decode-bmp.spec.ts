import { describe, expect, it } from 'vitest';
import { decodeBmp } from './decode-bmp.js';

interface Parts {
  readonly width?: number;
  readonly height?: number;
  readonly bits?: number;
  readonly compression?: number;
  readonly used?: number;
  readonly palette?: readonly number[];
  readonly pixels?: readonly number[];
}

/** A BMP with Windows' first header. */
function bmp({ width = 2, height = 2, bits = 24, compression = 0, used = 0, palette = [], pixels = [] }: Parts): Uint8Array {
  const offset = 54 + palette.length;
  const bytes = new Uint8Array(offset + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, offset, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  view.setUint32(46, used, true);
  bytes.set(palette, 54);
  bytes.set(pixels, offset);
  return bytes;
}

const MOST = 1000;
const PALETTE = [0, 0, 0, 0, 3, 2, 1, 0];
const whole = bmp({ pixels: [1, 2, 3, 4, 5, 6, 0, 0, 7, 8, 9, 10, 11, 12, 0, 0] });

describe('decodeBmp', () => {
  it('turns rows and colours around', () => {
    expect(decodeBmp(whole, MOST)).toEqual({ width: 2, height: 2, data: Uint8Array.of(9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4) });
    const topDown = decodeBmp(bmp({ height: -1, pixels: [1, 2, 3, 4, 5, 6, 0, 0] }), MOST);
    expect(topDown).toEqual({ width: 2, height: 1, data: Uint8Array.of(3, 2, 1, 6, 5, 4) });
  });

  it("reads OS/2's header, whose palette has three bytes an entry", () => {
    const bytes = new Uint8Array(14 + 12 + 6 + 4);
    const view = new DataView(bytes.buffer);
    bytes.set([0x42, 0x4d]);
    view.setUint32(10, 32, true);
    view.setUint32(14, 12, true);
    view.setUint16(18, 3, true);
    view.setUint16(20, 1, true);
    view.setUint16(22, 1, true);
    view.setUint16(24, 1, true);
    bytes.set([10, 20, 30, 1, 2, 3, 0b0110_0000], 26);
    expect(decodeBmp(bytes, MOST).data).toEqual(Uint8Array.of(30, 20, 10, 3, 2, 1, 3, 2, 1));
  });

  it('leaves pixels that runs pass over in the first colour', () => {
    const moved = bmp({ bits: 8, compression: 1, used: 2, palette: PALETTE, pixels: [0, 2, 1, 1, 1, 1, 0, 1] });
    expect([...decodeBmp(moved, MOST).data]).toEqual([0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['no height', bmp({ height: 0 })],
    ['a negative width', bmp({ width: -2 })],
    ['bits that no BMP has', bmp({ bits: 7 })],
    ['a compression that is another format', bmp({ compression: 4 })],
    ['runs of 24 bits', bmp({ compression: 1 })],
    ['more pixels than are unpacked', bmp({ width: 60_000, height: 60_000 })],
    ['a palette larger than its bits', bmp({ bits: 1, used: 3, palette: PALETTE })],
    ['a palette that is cut', bmp({ bits: 8, palette: PALETTE })],
    ['a run over the edge', bmp({ bits: 8, compression: 1, used: 2, palette: PALETTE, pixels: [3, 1, 0, 1] })],
    ['runs without an end', bmp({ bits: 8, compression: 1, used: 2, palette: PALETTE, pixels: [2, 1] })],
    ['a move out of the picture', bmp({ bits: 8, compression: 1, used: 2, palette: PALETTE, pixels: [0, 2, 200, 0, 1, 1, 0, 1] })],
    ['pixels that are said to follow', bmp({ bits: 8, compression: 1, used: 2, palette: PALETTE, pixels: [0, 9, 1] })],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeBmp(bytes, MOST)).toThrow(/BMP/);
  });

  it('refuses every file that is cut off', () => {
    for (let length = 2; length < whole.length; length += 1) {
      expect(() => decodeBmp(whole.slice(0, length), MOST), String(length)).toThrow(/BMP/);
    }
  });
});
