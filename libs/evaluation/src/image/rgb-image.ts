/** Decoded picture: rows top to bottom, three bytes a pixel in the order red, green, blue, no padding. */
export interface RgbImage {
  /** Pixels, ≥ 1. */
  readonly width: number;
  readonly height: number;
  /** `width * height * 3` bytes. */
  readonly data: Uint8Array;
}
