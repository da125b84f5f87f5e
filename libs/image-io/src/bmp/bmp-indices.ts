import { BmpCompression } from './bmp-header.js';
import type { BmpHeader } from './bmp-header.js';

/** Palette indices of a BMP of at most 8 bits, in the order in which its rows are stored. Throws an Error where pixels are missing. */
export function readIndices(bytes: Uint8Array, header: BmpHeader): Uint8Array {
  return header.compression === BmpCompression.none ? unpack(bytes, header) : expandRuns(bytes, header);
}

/** Bytes of a row, which is filled to a multiple of four. */
export const rowBytes = (width: number, bits: number): number => ((width * bits + 31) >>> 5) << 2;

function unpack(bytes: Uint8Array, { width, height, bits, offset }: BmpHeader): Uint8Array {
  const stride = rowBytes(width, bits);
  if (offset + stride * height > bytes.length) throw new Error('pixels of the BMP are missing');
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const mask = (1 << bits) - 1;
  for (let y = 0, out = 0; y < height; y += 1) {
    const row = offset + y * stride;
    for (let x = 0; x < width; x += 1, out += 1) {
      const byte = bytes[row + Math.floor(x / perByte)] as number;
      indices[out] = (byte >> (8 - bits - (x % perByte) * bits)) & mask;
    }
  }
  return indices;
}

/** Commands after a length of zero; larger numbers are a count of pixels that follow as they are. */
const END_OF_ROW = 0;
const END_OF_PICTURE = 1;
const MOVE = 2;

/** Run lengths: pairs of a count and a byte. Pixels that are passed over keep the first colour. */
function expandRuns(bytes: Uint8Array, { width, height, bits, offset }: BmpHeader): Uint8Array {
  const indices = new Uint8Array(width * height);
  let at = offset;
  let x = 0;
  let y = 0;
  const next = (): number => {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('pixels of the BMP are missing');
    at += 1;
    return byte;
  };
  const put = (index: number): void => {
    if (x >= width || y >= height) throw new Error('a run of the BMP leaves the picture');
    indices[y * width + x] = index;
    x += 1;
  };
  /** Pixel `i` of a byte (or of a row of bytes) of two pixels. */
  const half = (byte: number, i: number): number => (i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i += 1) put(bits === 8 ? value : half(value, i));
    } else if (value === END_OF_ROW) {
      x = 0;
      y += 1;
    } else if (value === END_OF_PICTURE) {
      break;
    } else if (value === MOVE) {
      x += next();
      y += next();
    } else {
      const length = bits === 8 ? value : (value + 1) >> 1;
      const start = at;
      if (start + length > bytes.length) throw new Error('pixels of the BMP are missing');
      for (let i = 0; i < value; i += 1) put(bits === 8 ? (bytes[start + i] as number) : half(bytes[start + (i >> 1)] as number, i));
      // Such pixels are filled to an even number of bytes.
      at = start + length + (length % 2);
    }
  }
  return indices;
}
