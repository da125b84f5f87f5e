import type { RgbImage } from './rgb-image.js';

/** Weights are fixed-point numbers with 11 fractional bits, as OpenCV's 8-bit linear resize keeps them. */
const COEFFICIENT_SCALE = 2048;

/** For each output position: the left (upper) source index, the right (lower) one, and their two weights. */
interface Axis {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weightFirst: Int32Array;
  readonly weightSecond: Int32Array;
}

/** Half to even, which is what both C's default rounding mode and Python's `round` do. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value) + 0;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Source positions and weights of one axis. Pixel centres are at half integers. The position is rounded to single precision
 * before it is split, as OpenCV computes it in `float`.
 *
 * @param border what a position outside the picture takes: the border pixel alone (`one`, columns), or that pixel twice with the
 *   two weights (`twice`, rows). Both are the border's value, but the two parts of the second are rounded down each, so that
 *   OpenCV's enlarged pictures have rows at the border that are lower by 1 in places.
 */
function axis(source: number, target: number, border: 'one' | 'twice'): Axis {
  const first = new Int32Array(target);
  const second = new Int32Array(target);
  const weightFirst = new Int32Array(target);
  const weightSecond = new Int32Array(target);
  const scale = 1 / (target / source);
  const last = source - 1;
  for (let i = 0; i < target; i += 1) {
    const position = Math.fround((i + 0.5) * scale - 0.5);
    const index = Math.floor(position);
    const outside = index < 0 || index >= last;
    const fraction = outside && border === 'one' ? 0 : Math.fround(position - index);
    first[i] = Math.min(Math.max(index, 0), last);
    second[i] = Math.min(index + 1, last);
    weightFirst[i] = roundHalfEven(Math.fround(Math.fround(1 - fraction) * COEFFICIENT_SCALE));
    weightSecond[i] = roundHalfEven(Math.fround(fraction * COEFFICIENT_SCALE));
  }
  return { first, second, weightFirst, weightSecond };
}

/** Writes one picture, resized, into a canvas of `canvasWidth` columns at (left, top). */
export type Resizer = (source: RgbImage, canvas: Uint8Array, canvasWidth: number, left: number, top: number) => void;

/**
 * Bilinear resize of 8-bit RGB as OpenCV's `INTER_LINEAR` does it: 11-bit weights, the horizontal pass kept at full
 * precision, the vertical pass dropping 4 bits of it and rounding at the end. The tables and row buffers are made once
 * per size pair, so that a camera's frames cost no allocation.
 */
export function createResizer(sourceWidth: number, sourceHeight: number, width: number, height: number): Resizer {
  const horizontal = axis(sourceWidth, width, 'one');
  const vertical = axis(sourceHeight, height, 'twice');
  const rowLength = width * 3;
  let upper = new Int32Array(rowLength);
  let lower = new Int32Array(rowLength);

  const { first: columnA, second: columnB, weightFirst: weightA, weightSecond: weightB } = horizontal;

  const resizeRow = (data: Uint8Array, row: number, target: Int32Array): void => {
    const base = row * sourceWidth * 3;
    for (let x = 0, out = 0; x < width; x += 1, out += 3) {
      const a = base + (columnA[x] as number) * 3;
      const b = base + (columnB[x] as number) * 3;
      const wa = weightA[x] as number;
      const wb = weightB[x] as number;
      // The vertical pass uses these sums without their lowest 4 bits; dropping them here is the same and done once.
      target[out] = ((data[a] as number) * wa + (data[b] as number) * wb) >> 4;
      target[out + 1] = ((data[a + 1] as number) * wa + (data[b + 1] as number) * wb) >> 4;
      target[out + 2] = ((data[a + 2] as number) * wa + (data[b + 2] as number) * wb) >> 4;
    }
  };

  return (source, canvas, canvasWidth, left, top) => {
    const same = width === sourceWidth && height === sourceHeight;
    let upperRow = -1;
    let lowerRow = -1;
    for (let y = 0; y < height; y += 1) {
      const target = ((top + y) * canvasWidth + left) * 3;
      if (same) {
        canvas.set(source.data.subarray(y * rowLength, (y + 1) * rowLength), target);
        continue;
      }
      const first = vertical.first[y] as number;
      const second = vertical.second[y] as number;
      if (first === lowerRow && first !== upperRow) {
        [upper, lower] = [lower, upper];
        [upperRow, lowerRow] = [lowerRow, upperRow];
      }
      if (first !== upperRow) {
        resizeRow(source.data, first, upper);
        upperRow = first;
      }
      if (second !== lowerRow) {
        resizeRow(source.data, second, lower);
        lowerRow = second;
      }
      blendRows(upper, lower, vertical.weightFirst[y] as number, vertical.weightSecond[y] as number, canvas, target);
    }
  };
}

function blendRows(upper: Int32Array, lower: Int32Array, wa: number, wb: number, canvas: Uint8Array, at: number): void {
  const { length } = upper;
  for (let i = 0; i < length; i += 1) {
    const a = (wa * (upper[i] as number)) >> 16;
    const b = (wb * (lower[i] as number)) >> 16;
    canvas[at + i] = (a + b + 2) >> 2;
  }
}
