import type { LossMeasure } from '@takt/contracts';
import type { GoldenImage } from '../golden/golden-set.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';

/** How well an artifact does what FP32 does. */
export interface Quality {
  /** What is lost against FP32, in the unit of the gate; negative where something is gained. */
  readonly lost: number;
  /** mAP on labelled images; null where none were given. */
  readonly accuracy: GoldenAccuracy | null;
}

/** What an artifact may lose. */
export interface QualityGate {
  readonly by: LossMeasure;
  /** The most that may be lost. */
  readonly budget: number;
  /** A loss in words that stand after a subject, e.g. "loses 0.30 of 0.40 allowed points of mAP@0.5:0.95". */
  words(lost: number): string;
  /** What is lost, as the heading of a column. */
  readonly heading: string;
  /** What is measured on what, and what may be lost: a sentence. */
  readonly basis: string;
}

/** Measures artifacts against FP32. */
export interface QualityMeter {
  readonly gate: QualityGate;
  /** What it is measured on, with the objects that are known to be there. */
  readonly images: readonly GoldenImage[];
  measure(path: string, label: string): Promise<Quality>;
}
