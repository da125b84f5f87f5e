import { SPEED_TIE } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';
import type { QualityGate } from '../quality/quality.js';

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
  /** Against FP32, in the unit of the gate. */
  readonly lost: number;
}

export interface VariantChoice<V extends MeasuredVariant> {
  readonly chosen: V;
  /** The fastest FP32 setting, which everything is compared with. */
  readonly reference: V;
  readonly reason: string;
}

/**
 * The fastest INT8 variant that is inside the budget and faster than FP32; FP32 with the
 * reason where there is none.
 */
export function chooseVariant<V extends MeasuredVariant>(
  variants: readonly V[],
  gate: Pick<QualityGate, 'budget' | 'words'>,
): VariantChoice<V> {
  const bySpeed = variants.toSorted((a, b) => a.latencyMs - b.latencyMs);
  const reference = bySpeed.find(({ int8 }) => !int8);
  if (reference === undefined) throw new RangeError('FP32 is always measured');
  const refusals: string[] = [];
  for (const variant of bySpeed) {
    if (!variant.int8) continue;
    const gain = reference.latencyMs / variant.latencyMs;
    const speed = `${gain.toFixed(2)}× FP32 (${variant.latencyMs.toFixed(2)} against ${reference.latencyMs.toFixed(2)} ms)`;
    if (variant.lost > gate.budget) {
      refusals.push(`${label(variant)} ${gate.words(variant.lost)} at ${speed}`);
    } else if (gain <= 1 + SPEED_TIE) {
      refusals.push(`${label(variant)} is ${speed}: not faster`);
    } else {
      const overruled = refusals.length === 0 ? '' : `; ${refusals.join('; ')}`;
      return { chosen: variant, reference, reason: `${label(variant)} is ${speed}, ${gate.words(variant.lost)}${overruled}` };
    }
  }
  const reason = `FP32 stays: ${refusals.length === 0 ? 'no INT8 variant could be made' : refusals.join('; ')}`;
  return { chosen: reference, reference, reason };
}

const label = ({ name, threads }: MeasuredVariant): string =>
  `${name}, ${threads.intraOp === 0 ? "the library's own threads" : `${String(threads.intraOp)} thread${threads.intraOp === 1 ? '' : 's'}`}`;
