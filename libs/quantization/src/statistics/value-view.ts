import { sigmoid } from '@takt/evaluation';
import type { ValuePlan } from '../graph/value-plan.js';
import type { Range } from '../math/affine.js';
import { mapDistribution } from '../math/histogram.js';
import type { Distribution } from '../math/histogram.js';
import { silu } from '../math/silu.js';
import type { ExtremesCollector, HistogramCollector } from './collect.js';

/** Where SiLU is smallest, and its value there. */
const SILU_LOWEST = { at: -1.2784645427610738, value: -0.27846454276107374 };

/** What calibration knows of each value, measured or derived. */
export class ValueView {
  private readonly plan: Pick<ValuePlan, 'sources'>;
  private readonly extremes: ExtremesCollector;
  private readonly histograms: HistogramCollector;

  constructor(plan: Pick<ValuePlan, 'sources'>, extremes: ExtremesCollector, histograms: HistogramCollector) {
    this.plan = plan;
    this.extremes = extremes;
    this.histograms = histograms;
  }

  /** Exact for measured values and their sigmoid; a bound for what is computed of others. */
  range(value: string): Range {
    const source = this.plan.sources.get(value);
    if (source === undefined) return this.extremes.range(value);
    if (source.kind === 'copy') return unionOf(source.of.map((name) => this.range(name)));
    const { low, high } = this.range(source.of);
    if (source.kind === 'sigmoid') return { low: sigmoid(low), high: sigmoid(high) };
    const crosses = low <= SILU_LOWEST.at && high >= SILU_LOWEST.at;
    return { low: crosses ? SILU_LOWEST.value : Math.min(silu(low), silu(high)), high: Math.max(silu(low), silu(high)) };
  }

  /** Undefined for copies: what they hold is counted where it comes from. */
  distribution(value: string): Distribution | undefined {
    const source = this.plan.sources.get(value);
    if (source === undefined) return this.histograms.of(value).distribution();
    if (source.kind === 'copy') return undefined;
    const of = this.distribution(source.of);
    return of && mapDistribution(of, source.kind === 'silu' ? silu : sigmoid);
  }
}

export const unionOf = (ranges: readonly Range[]): Range =>
  ranges.reduce((a, b) => ({ low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) }));
