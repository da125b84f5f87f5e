import type { ValuePlan } from '../graph/value-plan.js';
import type { Range } from '../math/affine.js';
import type { Statistics, ValueStatistics } from '../statistics/statistics.js';
import type { TrainedScales } from './trained-scales.js';

/**
 * The statistics of a model that was trained with rounding: where training fixed a range it stands instead of the one that
 * calibration found. Values that must share parameters share the widest that any of them was trained with. Never wider below than
 * what calibration saw where the trained range is symmetric: int8 has to spend half of its steps there, uint8 has not.
 *
 * @param values what calibration found.
 */
export function withTrainedScales(
  values: Statistics['values'],
  plan: Pick<ValuePlan, 'groups' | 'symmetricGroups'>,
  { ranges, weights }: TrainedScales,
): Pick<Statistics, 'values' | 'trained'> {
  // Maps: a model may call a value `constructor`.
  const calibrated = new Map(Object.entries(values));
  const changed = new Map(calibrated);
  for (const group of plan.groups) {
    const trained = rangesOf(group, ranges);
    if (trained.length === 0) continue;
    const high = Math.max(...trained.map((range) => range.high));
    const low = Math.max(
      Math.min(...trained.map((range) => range.low)),
      trained.every(isSymmetric) ? lowestSeen(group, calibrated) : -Infinity,
    );
    for (const value of group) {
      const known = changed.get(value);
      if (known !== undefined) changed.set(value, { ...known, low, high });
    }
  }
  for (const group of plan.symmetricGroups) {
    const trained = rangesOf(group, ranges);
    if (trained.length === 0) continue;
    const amax = Math.max(...trained.map(({ low, high }) => Math.max(-low, high)));
    for (const value of group) {
      const known = changed.get(value);
      if (known !== undefined) changed.set(value, { ...known, amax });
    }
  }
  return { values: Object.fromEntries(changed), trained: { weightScales: Object.fromEntries(weights) } };
}

const rangesOf = (group: readonly string[], ranges: ReadonlyMap<string, Range>): Range[] =>
  group.flatMap((value) => ranges.get(value) ?? []);

const isSymmetric = ({ low, high }: Range): boolean => low === -high;

const lowestSeen = (group: readonly string[], values: ReadonlyMap<string, ValueStatistics>): number =>
  Math.min(0, ...group.map((value) => values.get(value)?.min ?? 0));
