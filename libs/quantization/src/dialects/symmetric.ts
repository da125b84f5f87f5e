import { planValues } from '../graph/value-plan.js';
import type { Region } from '../graph/region.js';
import type { AffineParameters } from '../math/affine.js';
import { statisticsOf } from '../statistics/statistics.js';
import type { Statistics, ValueStatistics } from '../statistics/statistics.js';

/** Levels on either side of zero: TensorRT's int8 leaves −128 out. */
export const SYMMETRIC_LEVELS = 127;
/** The same grid in uint8, which ONNX Runtime runs fast on x86. */
export const EMULATED_ZERO_POINT = 128;

/** Largest magnitude that symmetric int8 covers. A statistics file that knows none gives the larger end of its range. */
export const magnitudeOf = ({ amax, low, high }: ValueStatistics): number => amax ?? Math.max(Math.abs(low), Math.abs(high));

/** Scale of the symmetric grid, float32 and greater than zero: `amax / 127`. */
export const symmetricScale = (statistics: ValueStatistics): number => scaleOfMagnitude(magnitudeOf(statistics));

function scaleOfMagnitude(magnitude: number): number {
  const scale = Math.fround(magnitude / SYMMETRIC_LEVELS);
  // A value that is always zero: any scale will do.
  return scale > 0 ? scale : Math.fround(1 / SYMMETRIC_LEVELS);
}

/**
 * Scale of every value of the region. Values that meet in a Concat, a MaxPool or an addition have one scale, also where the statistics
 * file knows no symmetric range and their asymmetric ones differ: the widest of them then.
 *
 * @throws TaktError `StatisticsDoNotFit` when a value was not calibrated.
 */
export function symmetricScales(region: Region, statistics: Statistics): ReadonlyMap<string, number> {
  const scales = new Map<string, number>();
  for (const group of planValues(region).symmetricGroups) {
    const magnitude = Math.max(...group.map((value) => magnitudeOf(statisticsOf(statistics, value))));
    for (const value of group) scales.set(value, scaleOfMagnitude(magnitude));
  }
  return scales;
}

/** TensorRT's grid as ONNX Runtime can run it: the same integers, moved by 128. */
export const emulatedParameters = (statistics: ValueStatistics): AffineParameters => ({
  scale: symmetricScale(statistics),
  zeroPoint: EMULATED_ZERO_POINT,
});
