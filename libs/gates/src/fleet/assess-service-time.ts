import { COMPARISON } from '../assess-comparison.js';
import { bootstrap } from './bootstrap.js';
import type { Confidences } from './bootstrap.js';
import { boundedControls, boundedGains } from './bounded-influence.js';
import type { FindingOutcome, GateFinding, GatePolicy } from './gate-policy.js';
import type { SlotFigures } from './interval.js';
import { bucketMatrix, logQuantile } from './slot-quantiles.js';
import type { BucketMatrix } from './slot-quantiles.js';
import { onAxis, timeAxis } from './time-axis.js';

interface Prepared {
  readonly before: BucketMatrix;
  readonly after: BucketMatrix;
}

const QUANTILES = [
  { code: 'ServiceTimeP50', name: 'p50', p: 0.5, margin: (policy: GatePolicy) => policy.maxServiceTimeP50Increase },
  { code: 'ServiceTimeP95', name: 'p95', p: 0.95, margin: (policy: GatePolicy) => policy.maxServiceTimeP95Increase },
] as const;

/**
 * Whether service times of moved slots are shown to be no worse than the margin: non-inferiority, one-sided.
 *
 * The figure is a difference of differences of logarithms: how much the moved slots changed against their own past, less how much
 * the control slots changed over the same two periods, so that what the whole factory did meanwhile is taken out. Without
 * controls it is the change against the own past alone, and the finding says so.
 */
export function assessServiceTime(
  updated: readonly SlotFigures[],
  controls: readonly SlotFigures[],
  policy: GatePolicy,
  confidence: Confidences,
  seed: number,
): GateFinding[] {
  const [before, after] = [timeAxis(updated.map((slot) => slot.before)), timeAxis(updated.map((slot) => slot.after))];
  const prepare = (slots: readonly SlotFigures[]): Prepared[] =>
    slots.map((slot) => ({ before: bucketMatrix(onAxis(slot.before, before)), after: bucketMatrix(onAxis(slot.after, after)) }));
  const groups = [prepare(updated), ...(controls.length === 0 ? [] : [prepare(controls)])];
  return QUANTILES.map(({ code, name, p, margin }) => {
    const change = (slot: Prepared, draw: { before: Float64Array; after: Float64Array }): number =>
      logQuantile(slot.after, draw.after, p) - logQuantile(slot.before, draw.before, p);
    const estimate = bootstrap({
      groups,
      bins: { before: before.bins, after: after.bins },
      figure: change,
      bounded: (changes, group) => (group === 0 ? boundedGains(changes) : boundedControls(changes)),
      combine: ([moved = Number.NaN, control = 0]) => moved - control,
      confidence,
      seed,
    });
    const allowed = margin(policy);
    const against = controls.length === 0 ? 'past' : 'control and past';
    if (estimate === null) {
      const message = `service-time ${name} could not be measured`;
      return { code, outcome: 'error', against, measured: null, lower: null, upper: null, bound: allowed, unit: 'fraction', message };
    }
    const past = meanBefore(updated, p);
    // What timers and pipes blur cannot matter, however large a share of a short time it is.
    const bound = Math.max(allowed, past === null ? 0 : COMPARISON.noiseFloorMs / past);
    const [measured, lower, upper] = [Math.expm1(estimate.point), Math.expm1(estimate.lower), Math.expm1(estimate.upper)];
    const outcome: FindingOutcome = upper <= bound ? 'successful' : lower > bound ? 'failed' : 'inconclusive';
    const to =
      controls.length === 0
        ? 'the own past'
        : `the own past and ${String(controls.length)} control ${controls.length === 1 ? 'slot' : 'slots'}`;
    return {
      code,
      outcome,
      against,
      measured,
      lower,
      upper,
      bound,
      unit: 'fraction',
      message: `service-time ${name} changed by ${percent(measured)} (${percent(lower)} to ${percent(upper)}) against ${to}; allowed ${percent(bound)}`,
    };
  });
}

/** Geometric mean of the slots' quantiles before the move, ms; null where there is none. */
function meanBefore(slots: readonly SlotFigures[], p: number): number | null {
  const logs = slots
    .map((slot) => logQuantile(bucketMatrix(slot.before), new Float64Array(slot.before.length).fill(1), p))
    .filter((value) => Number.isFinite(value));
  return logs.length === 0 ? null : Math.exp(logs.reduce((sum, value) => sum + value, 0) / logs.length);
}

/** `+4.1 %` of a fraction. */
export const percent = (fraction: number): string => `${fraction < 0 ? '−' : '+'}${(Math.abs(fraction) * 100).toFixed(1)} %`;
