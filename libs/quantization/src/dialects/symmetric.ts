import type { AffineParameters } from '../math/affine.js';
import type { ValueStatistics } from '../statistics/statistics.js';

/** Levels on either side of zero: TensorRT's int8 leaves −128 out. */
export const SYMMETRIC_LEVELS = 127;
/** The same grid in uint8, which ONNX Runtime runs fast on x86. */
const UINT8_ZERO = 128;

/** Largest magnitude that symmetric int8 covers. A statistics file that knows none gives the larger end of its range. */
export const magnitudeOf = ({ amax, low, high }: ValueStatistics): number => amax ?? Math.max(Math.abs(low), Math.abs(high));

/** Scale of the symmetric grid, float32 and greater than zero: `amax / 127`. */
export function symmetricScale(statistics: ValueStatistics): number {
  const scale = Math.fround(magnitudeOf(statistics) / SYMMETRIC_LEVELS);
  // A value that is always zero: any scale will do.
  return scale > 0 ? scale : Math.fround(1 / SYMMETRIC_LEVELS);
}

/** TensorRT's grid as ONNX Runtime can run it: the same integers, moved by 128. */
export const emulatedParameters = (statistics: ValueStatistics): AffineParameters => ({
  scale: symmetricScale(statistics),
  zeroPoint: UINT8_ZERO,
});
