import { Histogram } from '../math/histogram.js';
import type { Range } from '../math/affine.js';
import { searchMagnitude, searchRange } from '../math/range-search.js';
import type { RangeMember } from '../math/range-search.js';
import type { ValuePlan } from '../graph/value-plan.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';
import type { ValueStatistics } from './statistics.js';
import { ValueView, unionOf } from './value-view.js';

/** Exact extremes and channel means over any number of images, in memory that does not grow. */
export class ExtremesCollector {
  private readonly extremes = new Map<string, { min: number; max: number }>();
  private readonly means = new Map<string, { sum: Float64Array; images: number }>();
  private readonly channels = new Map<string, { low: Float32Array; high: Float32Array }>();

  /** @throws TaktError `CalibrationNotFinite` naming the value. */
  add(value: string, min: number, max: number): void {
    if (!Number.isFinite(min) || !Number.isFinite(max)) {
      throw quantizationError(
        QuantizationErrorCode.notFinite,
        `"${value}" is not finite on a calibration image (${String(min)} to ${String(max)})`,
        value,
      );
    }
    const known = this.extremes.get(value);
    this.extremes.set(value, known ? { min: Math.min(known.min, min), max: Math.max(known.max, max) } : { min, max });
  }

  /** Adds one image's mean of each channel. */
  addMeans(value: string, means: Float32Array): void {
    const total = this.means.get(value) ?? { sum: new Float64Array(means.length), images: 0 };
    means.forEach((mean, channel) => {
      total.sum[channel] = (total.sum[channel] ?? 0) + mean;
    });
    total.images += 1;
    this.means.set(value, total);
  }

  /** Adds one image's extremes of each channel. */
  addChannels(value: string, lows: Float32Array, highs: Float32Array): void {
    const known = this.channels.get(value) ?? {
      low: new Float32Array(lows.length).fill(Infinity),
      high: new Float32Array(highs.length).fill(-Infinity),
    };
    lows.forEach((low, channel) => {
      known.low[channel] = Math.min(known.low[channel] as number, low);
      known.high[channel] = Math.max(known.high[channel] as number, highs[channel] as number);
    });
    this.channels.set(value, known);
  }

  channelRanges(value: string): { readonly low: readonly number[]; readonly high: readonly number[] } | undefined {
    const known = this.channels.get(value);
    return known && { low: [...known.low], high: [...known.high] };
  }

  range(value: string): Range {
    const { min, max } = this.extremes.get(value) ?? { min: 0, max: 0 };
    return { low: min, high: max };
  }

  channelMeans(value: string): readonly number[] | undefined {
    const total = this.means.get(value);
    return total && Array.from(total.sum, (sum) => Math.fround(sum / total.images));
  }
}

/** Histograms of samples, over the extremes of their values: an image's extremes are collected before its samples. */
export class HistogramCollector {
  private readonly histograms: ReadonlyMap<string, Histogram>;
  private readonly extremes: ExtremesCollector;

  constructor(values: Iterable<string>, extremes: ExtremesCollector) {
    this.histograms = new Map(Array.from(values, (value) => [value, new Histogram()]));
    this.extremes = extremes;
  }

  add(value: string, samples: Float32Array): void {
    const histogram = this.of(value);
    histogram.cover(this.extremes.range(value));
    histogram.add(samples);
  }

  of(value: string): Histogram {
    const histogram = this.histograms.get(value);
    if (histogram === undefined) throw new RangeError(`no histogram of ${value}`);
    return histogram;
  }
}

const UNIT: Range = { low: 0, high: 1 };
const BYTE: Range = { low: 0, high: 255 };

/** The exact range of an image input whose pixels lie in 0–1 or 0–255, or undefined. */
export function imageRange({ low, high }: Range): Range | undefined {
  if (low < 0) return undefined;
  return high <= 1 ? UNIT : high > 2 && high <= BYTE.high ? BYTE : undefined;
}

/**
 * Chooses one range per tie group and makes the entries of the statistics file.
 *
 * @param inputs names of the graph's inputs, whose pixels have a known range.
 */
export function chooseRanges(
  plan: ValuePlan,
  inputs: ReadonlySet<string>,
  extremes: ExtremesCollector,
  histograms: HistogramCollector,
): Record<string, ValueStatistics> {
  const entries: Record<string, ValueStatistics> = {};
  const view = new ValueView(plan, extremes, histograms);
  const fullRange = (group: readonly string[]): Range => unionOf(group.map((value) => view.range(value)));
  const membersOf = (group: readonly string[]): RangeMember[] =>
    group.flatMap((value) => {
      const distribution = view.distribution(value);
      return distribution === undefined ? [] : [{ distribution, transfer: plan.transfers.get(value) ?? 'identity' }];
    });
  const magnitudes = new Map<string, number>();
  for (const group of plan.symmetricGroups) {
    const full = fullRange(group);
    const known = knownRange(group, plan, inputs, full);
    const magnitude = known === undefined ? searchMagnitude(membersOf(group), full) : Math.max(-known.low, known.high);
    for (const value of group) magnitudes.set(value, magnitude);
  }
  for (const group of plan.groups) {
    const full = fullRange(group);
    const range = knownRange(group, plan, inputs, full) ?? searchRange(membersOf(group), full);
    for (const value of group) {
      const own = view.range(value);
      const means = extremes.channelMeans(value);
      const channelRanges = extremes.channelRanges(value);
      entries[value] = {
        min: own.low,
        max: own.high,
        low: range.low,
        high: range.high,
        amax: magnitudes.get(value) ?? 0,
        ...(means ? { channelMeans: means } : {}),
        ...(channelRanges ? { channelRanges } : {}),
      };
    }
  }
  return entries;
}

/** A range that needs no data, provided that it covers everything the group showed. */
function knownRange(group: readonly string[], plan: ValuePlan, inputs: ReadonlySet<string>, full: Range): Range | undefined {
  for (const value of group) {
    const known = plan.analytic.get(value) ?? (inputs.has(value) ? imageRange(full) : undefined);
    if (known && known.low <= full.low && known.high >= full.high) return known;
  }
  return undefined;
}
