import { bootstrap } from './bootstrap.js';
import type { Confidences, PeriodDraw } from './bootstrap.js';
import type { FindingOutcome, GateFinding, GatePolicy } from './gate-policy.js';
import { deliveredFpsOf, framesOf } from './interval.js';
import type { Interval, SlotFigures } from './interval.js';
import { onAxis, timeAxis } from './time-axis.js';

/** A single line that lacks this many times the margin counts as failed, whatever the mean of the others says. */
const LINE_FAILS_AT = 2;
/** What a line delivers beyond its rate counts up to this share of it, as a fraction: surplus of one makes up for no lack of another. */
const SURPLUS_COUNTED = 0.1;
/** Errors before a rate of errors says anything. */
const ERRORS_SHOWN = 3;

/** Results per second that a moved slot is held to: what its line requires, or what it had before where that was less (ADR 5). */
export function referenceFps(slot: SlotFigures): number | null {
  if (slot.requiredFps <= 0) return null;
  const before = deliveredFpsOf(slot.before);
  return before === null || before <= 0 ? slot.requiredFps : Math.min(slot.requiredFps, before);
}

const rate = (intervals: readonly Interval[], weights: Float64Array): number => {
  let [delivered, seconds] = [0, 0];
  for (const [index, interval] of intervals.entries()) {
    const weight = weights[index] ?? 0;
    delivered += interval.delivered * weight;
    seconds += interval.seconds * weight;
  }
  return seconds <= 0 ? Number.NaN : delivered / seconds;
};

/** Delivered FPS of the moved slots against the rate of their lines: the mean, and each line by itself. */
export function assessDeliveredFps(
  updated: readonly SlotFigures[],
  policy: GatePolicy,
  allowed: { readonly lines: number; readonly soaked: boolean },
  confidence: Confidences,
  seed: number,
): GateFinding[] {
  const [before, after] = [timeAxis(updated.map((slot) => slot.before)), timeAxis(updated.map((slot) => slot.after))];
  const held = updated.flatMap((slot) => {
    const reference = referenceFps(slot);
    return reference === null ? [] : [{ after: onAxis(slot.after, after), reference }];
  });
  if (held.length === 0) return [];
  const shortfall = (slot: (typeof held)[number], draw: Pick<PeriodDraw, 'after'>): number =>
    Math.max(-SURPLUS_COUNTED, 1 - rate(slot.after, draw.after) / slot.reference);
  const estimate = bootstrap({
    groups: [held],
    bins: { before: before.bins, after: after.bins },
    figure: shortfall,
    combine: ([mean = Number.NaN]) => mean,
    confidence,
    seed,
  });
  const bound = policy.maxDeliveredFpsShortfall;
  const each = held.map((slot) => shortfall(slot, { after: new Float64Array(after.bins).fill(1) }));
  const below = each.filter((value) => value > bound * LINE_FAILS_AT).length;
  const lines: GateFinding = {
    code: 'LinesBelowRate',
    // A short stop of one line in the first moments is not the engine's doing: the soak has to be over.
    outcome: below <= allowed.lines ? 'successful' : allowed.soaked ? 'failed' : 'inconclusive',
    against: 'required rate',
    measured: below,
    lower: null,
    upper: null,
    bound: allowed.lines,
    unit: 'nodes',
    message: `${String(below)} of ${String(held.length)} lines deliver less than ${share(1 - bound * LINE_FAILS_AT)} of their rate; allowed ${String(allowed.lines)}`,
  };
  const base = { code: 'DeliveredFps', against: 'required rate', bound, unit: 'fraction' } as const;
  if (estimate === null) {
    return [{ ...base, outcome: 'error', measured: null, lower: null, upper: null, message: 'delivered FPS could not be measured' }, lines];
  }
  const outcome: FindingOutcome = estimate.upper <= bound ? 'successful' : estimate.lower > bound ? 'failed' : 'inconclusive';
  return [
    {
      ...base,
      outcome,
      measured: estimate.point,
      lower: estimate.lower,
      upper: estimate.upper,
      message:
        `delivered FPS is ${share(1 - estimate.point)} of the required rate${each.some((value) => value <= -SURPLUS_COUNTED) ? ', surplus left out,' : ''} (${share(1 - estimate.upper)} to ${share(1 - estimate.lower)}); ` +
        `at least ${share(1 - bound)} is needed`,
    },
    lines,
  ];
}

/** Share of frames since the move that ended in an error: the mean over the slots, so that a busy one hides no errors of another. */
export function assessErrorRate(updated: readonly SlotFigures[], policy: GatePolicy): GateFinding {
  const each = updated.map(({ after }) => {
    const errors = after.reduce((sum, interval) => sum + interval.errors, 0);
    return { errors, frames: framesOf(after) + errors };
  });
  const [errors, frames] = [each.reduce((sum, slot) => sum + slot.errors, 0), each.reduce((sum, slot) => sum + slot.frames, 0)];
  const shares = each.filter((slot) => slot.frames > 0).map((slot) => slot.errors / slot.frames);
  const measured = shares.length === 0 ? 0 : shares.reduce((sum, value) => sum + value, 0) / shares.length;
  const within = measured <= policy.maxErrorRate;
  return {
    code: 'ErrorRate',
    outcome: within ? 'successful' : errors >= ERRORS_SHOWN ? 'failed' : 'inconclusive',
    against: 'policy',
    measured,
    lower: null,
    upper: null,
    bound: policy.maxErrorRate,
    unit: 'fraction',
    message: `${String(errors)} of ${String(frames)} frames ended in an error, ${share(measured)} as the mean of ${String(each.length)} ${each.length === 1 ? 'slot' : 'slots'}; allowed ${share(policy.maxErrorRate)}`,
  };
}

const share = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;
