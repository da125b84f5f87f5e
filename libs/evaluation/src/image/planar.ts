import type { RgbImage } from './rgb-image.js';

/** Value of each byte in a float input: v/255 in single precision. */
const UNIT = Float32Array.from({ length: 256 }, (_, value) => value / 255);

/** Interleaved RGB bytes → planes R, G, B of floats 0–1 (NCHW with N = 1). `target` holds 3·width·height values. */
export function toPlanarFloat(image: RgbImage, target: Float32Array): void {
  const { data } = image;
  const plane = image.width * image.height;
  for (let i = 0, source = 0; i < plane; i += 1, source += 3) {
    target[i] = UNIT[data[source] as number] as number;
    target[plane + i] = UNIT[data[source + 1] as number] as number;
    target[2 * plane + i] = UNIT[data[source + 2] as number] as number;
  }
}

/** Interleaved RGB bytes → planes R, G, B of bytes, for networks whose first step is the division by 255. */
export function toPlanarBytes(image: RgbImage, target: Uint8Array): void {
  const { data } = image;
  const plane = image.width * image.height;
  for (let i = 0, source = 0; i < plane; i += 1, source += 3) {
    target[i] = data[source] as number;
    target[plane + i] = data[source + 1] as number;
    target[2 * plane + i] = data[source + 2] as number;
  }
}
