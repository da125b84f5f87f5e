import { pointsLost } from '../build/fit-budget.js';
import type { GoldenSet } from '../golden/golden-set.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import type { QualityGate, QualityMeter } from './quality.js';

/** How labels were matched with the model's classes, where the format leaves it open. */
const CLASSES: Readonly<Record<GoldenSet['classesBy'], string>> = {
  index: '',
  name: ', classes matched by name',
  'id-order': ', categories taken as classes in the order of their ids',
};

/** Points of mAP@0.5:0.95 that may be lost. */
export const labelledGate = (budgetPoints: number, golden: Pick<GoldenSet, 'images' | 'classesBy'>): QualityGate => ({
  by: 'labels',
  budget: budgetPoints,
  words: (lost) =>
    lost > Math.min(0, budgetPoints)
      ? `loses ${lost.toFixed(2)} of ${budgetPoints.toFixed(2)} allowed points of mAP@0.5:0.95`
      : `gains ${(-lost).toFixed(2)} points of mAP@0.5:0.95`,
  heading: 'points lost',
  basis: `Accuracy on ${String(golden.images.length)} labelled images${CLASSES[golden.classesBy]}; ${budgetPoints.toFixed(2)} points of mAP@0.5:0.95 may be lost.`,
});

/**
 * mAP on a labelled set, against FP32's on the same set.
 *
 * @param fp32 FP32's accuracy.
 * @param measure mAP of an artifact file.
 */
export const labelledQuality = (
  golden: GoldenSet,
  budgetPoints: number,
  fp32: GoldenAccuracy,
  measure: (path: string, label: string) => Promise<GoldenAccuracy>,
): QualityMeter => ({
  gate: labelledGate(budgetPoints, golden),
  images: golden.images,
  measure: async (path, label) => {
    const accuracy = await measure(path, label);
    return { lost: pointsLost(fp32, accuracy), accuracy };
  },
});
