/** Statistics as a calibration would write them, made up: emitters must come to an end with whatever numbers. */
import { findRegion, planValues, STATISTICS_FORMAT, STATISTICS_VERSION } from '@takt/quantization';

const CHANNELS = 64;

export function syntheticStatistics(folded, model) {
  const plan = planValues(findRegion(folded));
  const value = { min: -4.5, max: 7, low: -4, high: 6.5, amax: 6.5 };
  const values = Object.fromEntries(
    findRegion(folded).values.map((name) => [
      name,
      {
        ...value,
        ...(plan.channelMeans.has(name) ? { channelMeans: Array.from({ length: CHANNELS }, () => 0.25) } : {}),
        ...(plan.channelRanges.has(name)
          ? { channelRanges: { low: Array.from({ length: CHANNELS }, () => -3), high: Array.from({ length: CHANNELS }, () => 3) } }
          : {}),
      },
    ]),
  );
  return {
    format: STATISTICS_FORMAT,
    version: STATISTICS_VERSION,
    model,
    calibration: { digest: 'sha256:', images: 1, of: 1, sample: 1, seed: 0 },
    engine: 'none',
    values,
  };
}
