import type { RgbImage } from './rgb-image.js';

/** Order of the planes of a network input. */
export type ChannelOrder = 'rgb' | 'bgr';

/** Value of each byte in a float input of 0–1: v/255 in single precision. */
const UNIT = Float32Array.from({ length: 256 }, (_, value) => value / 255);
const BYTE = Float32Array.from({ length: 256 }, (_, value) => value);

/** Interleaved RGB bytes → planes of floats 0–1 (`unit`) or 0–255 (`byte`), NCHW with N = 1. `target` holds 3·width·height values. */
export function toPlanarFloat(image: RgbImage, target: Float32Array, order: ChannelOrder = 'rgb', range: 'unit' | 'byte' = 'unit'): void {
  const { data } = image;
  const table = range === 'unit' ? UNIT : BYTE;
  const plane = image.width * image.height;
  const [red, blue] = order === 'rgb' ? [0, 2 * plane] : [2 * plane, 0];
  for (let i = 0, source = 0; i < plane; i += 1, source += 3) {
    target[red + i] = table[data[source] as number] as number;
    target[plane + i] = table[data[source + 1] as number] as number;
    target[blue + i] = table[data[source + 2] as number] as number;
  }
}

/** Interleaved RGB bytes → planes of bytes, for networks whose first step is the scaling. */
export function toPlanarBytes(image: RgbImage, target: Uint8Array, order: ChannelOrder = 'rgb'): void {
  const { data } = image;
  const plane = image.width * image.height;
  const [red, blue] = order === 'rgb' ? [0, 2 * plane] : [2 * plane, 0];
  for (let i = 0, source = 0; i < plane; i += 1, source += 3) {
    target[red + i] = data[source] as number;
    target[plane + i] = data[source + 1] as number;
    target[blue + i] = data[source + 2] as number;
  }
}
