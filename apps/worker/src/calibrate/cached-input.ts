import type { InputFormat, LoadInput } from './collect-statistics.js';

/** Pixels of so many bytes are kept between the passes; images beyond them are decoded again. */
const MOST_BYTES = 384 * 1024 * 1024;

/**
 * Keeps what an image became, as bytes: each value of a network input is a pixel of 0–255 by way of a fixed table, so
 * that nothing is lost by it. The second pass then decodes nothing.
 */
export function cacheInput(loadInput: LoadInput, format: InputFormat): (path: string) => Promise<Float32Array> {
  const whole = format.pixels.range === 'unit' ? 1 : 255;
  const table = Float32Array.from({ length: 256 }, (_, pixel) => (whole === 1 ? pixel / 255 : pixel));
  const kept = new Map<string, Uint8Array>();
  let bytes = 0;
  let floats = new Float32Array(0);
  return async (path) => {
    const pixels = kept.get(path);
    if (pixels === undefined) {
      const loaded = await loadInput(path, format);
      if (bytes + loaded.length <= MOST_BYTES) {
        bytes += loaded.length;
        kept.set(path, toPixels(loaded, 255 / whole));
      }
      return loaded;
    }
    if (floats.length !== pixels.length) floats = new Float32Array(pixels.length);
    for (let i = 0; i < pixels.length; i += 1) floats[i] = table[pixels[i] as number] as number;
    return floats;
  };
}

function toPixels(values: Float32Array, perUnit: number): Uint8Array {
  const pixels = new Uint8Array(values.length);
  // Adding a half and cutting rounds what is never negative.
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = (values[i] as number) * perUnit + 0.5;
  return pixels;
}
