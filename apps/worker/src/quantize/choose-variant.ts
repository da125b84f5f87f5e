import { SPEED_TIE } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';

/** One artifact at one thread setting, as measured. */
export interface MeasuredVariant {
  /** What it is, e.g. "INT8 with 7-bit weights". */
  readonly name: string;
  readonly int8: boolean;
  readonly threads: ThreadPolicy;
  /** Median milliseconds of one inference. */
  readonly latencyMs: number;
  /** Fractions; null where no labelled set was given. */
  readonly map50: number | null;
  readonly map50_95: number | null;
}

export interface VariantChoice<V extends MeasuredVariant> {
  readonly chosen: V;
  /** The fastest FP32 setting, which everything is compared with. */
  readonly reference: V;
  readonly reason: string;
}

/** FP32's mAP@0.5:0.95 minus the variant's, in points; null where it was not measured. */
export function dropPoints(variant: MeasuredVariant, reference: MeasuredVariant): number | null {
  return variant.map50_95 === null || reference.map50_95 === null ? null : (reference.map50_95 - variant.map50_95) * 100;
}

/**
 * The fastest INT8 variant that is inside the accuracy budget (points of mAP@0.5:0.95) and faster than FP32; FP32 with the
 * reason where there is none.
 */
export function chooseVariant<V extends MeasuredVariant>(variants: readonly V[], budgetPoints: number): VariantChoice<V> {
  const bySpeed = variants.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const reference = bySpeed.find(({ int8 }) => !int8);
  if (reference === undefined) throw new RangeError('FP32 is always measured');
  const refusals: string[] = [];
  for (const variant of bySpeed) {
    if (!variant.int8) continue;
    const gain = reference.latencyMs / variant.latencyMs;
    const drop = dropPoints(variant, reference);
    const speed = `${gain.toFixed(2)}× FP32 (${variant.latencyMs.toFixed(2)} against ${reference.latencyMs.toFixed(2)} ms)`;
    if (drop !== null && drop > budgetPoints) {
      refusals.push(`${label(variant)} loses ${drop.toFixed(2)} of ${budgetPoints.toFixed(2)} allowed points of mAP@0.5:0.95 at ${speed}`);
    } else if (gain <= 1 + SPEED_TIE) {
      refusals.push(`${label(variant)} is ${speed}: not faster`);
    } else {
      const accuracy = drop === null ? 'accuracy was not measured' : accuracyWords(drop, budgetPoints);
      const overruled = refusals.length === 0 ? '' : `; ${refusals.join('; ')}`;
      return { chosen: variant, reference, reason: `${label(variant)} is ${speed}, ${accuracy}${overruled}` };
    }
  }
  const reason = `FP32 stays: ${refusals.length === 0 ? 'no INT8 variant could be made' : refusals.join('; ')}`;
  return { chosen: reference, reference, reason };
}

const accuracyWords = (drop: number, budgetPoints: number): string =>
  drop > 0
    ? `loses ${drop.toFixed(2)} of ${budgetPoints.toFixed(2)} allowed points of mAP@0.5:0.95`
    : `gains ${(-drop).toFixed(2)} points of mAP@0.5:0.95`;

const label = ({ name, threads }: MeasuredVariant): string =>
  `${name}, ${threads.intraOp === 0 ? "the library's own threads" : `${String(threads.intraOp)} thread${threads.intraOp === 1 ? '' : 's'}`}`;
