import type { RgbImage } from '@takt/evaluation';
import { MASKS_32, readBmpHeader } from './bmp-header.js';
import type { BmpHeader } from './bmp-header.js';
import { readIndices, rowBytes } from './bmp-indices.js';

/**
 * BMP bytes → RGB pixels, as OpenCV reads them: 1, 4, 8, 16, 24 and 32 bits, palettes, run lengths, colour masks; alpha dropped.
 *
 * @throws Error that says what is wrong: no BMP, a kind that is not read, more than `maxPixels`, pixels that are missing.
 */
export function decodeBmp(bytes: Uint8Array, maxPixels: number): RgbImage {
  const header = readBmpHeader(bytes);
  const { width, height, topDown, bits } = header;
  if (width * height > maxPixels) throw new Error(`a BMP of ${String(width)} by ${String(height)} pixels is too large`);
  const stored = bits <= 8 ? fromPalette(readIndices(bytes, header), header.palette) : fromColours(bytes, header);
  return { width, height, data: topDown ? stored : flipped(stored, width * 3) };
}

function fromPalette(indices: Uint8Array, palette: Uint8Array): Uint8Array {
  const data = new Uint8Array(indices.length * 3);
  indices.forEach((index, pixel) => {
    data[pixel * 3] = palette[index * 3 + 2] as number;
    data[pixel * 3 + 1] = palette[index * 3 + 1] as number;
    data[pixel * 3 + 2] = palette[index * 3] as number;
  });
  return data;
}

function fromColours(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  const { width, height, bits, masks, offset } = header;
  const stride = rowBytes(width, bits);
  if (offset + stride * height > bytes.length) throw new Error('pixels of the BMP are missing');
  const data = new Uint8Array(width * height * 3);
  const copyRow = bits === 16 || masks.some((mask, index) => mask !== MASKS_32[index]) ? maskedRow(header) : plainRow(header);
  for (let y = 0; y < height; y += 1) copyRow(bytes, offset + y * stride, data, y * width * 3);
  return data;
}

type CopyRow = (bytes: Uint8Array, from: number, data: Uint8Array, to: number) => void;

/** Blue, green, red bytes, and one of alpha or none: what nearly all files hold, and cameras send. */
function plainRow({ width, bits }: BmpHeader): CopyRow {
  const size = bits / 8;
  return (bytes, from, data, to) => {
    for (let x = 0, at = from, out = to; x < width; x += 1, at += size, out += 3) {
      data[out] = bytes[at + 2] as number;
      data[out + 1] = bytes[at + 1] as number;
      data[out + 2] = bytes[at] as number;
    }
  };
}

function maskedRow({ width, bits, masks }: BmpHeader): CopyRow {
  const size = bits / 8;
  const channels = masks.map(channelOf);
  return (bytes, from, data, to) => {
    for (let x = 0, at = from; x < width; x += 1, at += size) {
      let pixel = 0;
      for (let byte = size - 1; byte >= 0; byte -= 1) pixel = pixel * 256 + (bytes[at + byte] as number);
      channels.forEach((channel, index) => {
        data[to + 3 * x + index] = channel(pixel);
      });
    }
  };
}

/** A mask's bits as the upper bits of a byte. The lower ones stay 0, as in OpenCV: white of 5 bits is 248. */
function channelOf(mask: number): (pixel: number) => number {
  const lowest = 31 - Math.clz32(mask & -mask);
  const width = 32 - Math.clz32(mask) - lowest;
  return width >= 8
    ? (pixel) => ((pixel & mask) >>> lowest) >>> (width - 8)
    : (pixel) => (((pixel & mask) >>> lowest) << (8 - width)) & 255;
}

function flipped(data: Uint8Array, rowLength: number): Uint8Array {
  const turned = new Uint8Array(data.length);
  for (let from = 0, to = data.length - rowLength; to >= 0; from += rowLength, to -= rowLength) {
    turned.set(data.subarray(from, from + rowLength), to);
  }
  return turned;
}
