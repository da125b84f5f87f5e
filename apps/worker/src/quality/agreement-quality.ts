import type { Box } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import type { GoldenImage } from '../golden/golden-set.js';
import type { GoldenAccuracy } from '../golden/measure-accuracy.js';
import type { DetectedImage } from '../host/messages.js';
import type { QualityMeter } from './quality.js';

/**
 * Boxes that FP32 is this sure of are what an artifact has to find again: the confidence that lines are served with, or less where the
 * images show hardly anything, as those of a line whose parts are good.
 */
const LEAST_SCORES = [0.25, 0.1, 0.05, 0.02, 0.01] as const;
/** Fewer boxes than these tell little. */
const ENOUGH_BOXES = 20;

/** What FP32 found, in place of labels. */
export interface OwnLabels {
  readonly images: readonly GoldenImage[];
  /** The least score of the boxes among them. */
  readonly leastScore: number;
}

/** COCO's evaluation reads so many detections of a class in an image at most: FP32 itself would not find more again. */
const MOST_OF_A_CLASS = 100;

/** @returns the boxes of the highest least score that enough boxes have, else all from the lowest on. */
export function ownLabels(paths: readonly string[], found: readonly DetectedImage[]): OwnLabels {
  const scores = found.flatMap(({ boxes }) => boxes.map(({ score }) => score));
  const enough = LEAST_SCORES.find((least) => scores.filter((score) => score >= least).length >= ENOUGH_BOXES);
  const leastScore = enough ?? LEAST_SCORES[LEAST_SCORES.length - 1] ?? 0;
  const images = paths.map((path, index): GoldenImage => ({
    path,
    size: null,
    objects: readBoxes(found[index]?.boxes ?? [])
      .filter(({ score }) => score >= leastScore)
      .map(({ classId, x1, y1, x2, y2 }) => ({ classId, bbox: [x1, y1, x2 - x1, y2 - y1], unit: 'pixels', area: null, crowd: false })),
  }));
  return { images, leastScore };
}

/** The surest boxes of each class, as many as are read. */
function readBoxes(boxes: readonly Box[]): readonly Box[] {
  const seen = new Map<number, number>();
  return boxes
    .toSorted((a, b) => b.score - a.score)
    .filter(({ classId }) => {
      const before = seen.get(classId) ?? 0;
      seen.set(classId, before + 1);
      return before < MOST_OF_A_CLASS;
    });
}

/**
 * Without labels: how much of what FP32 finds an artifact finds again, as mAP@0.5:0.95 with FP32's boxes as ground truth. Coarser than
 * labels, since a box that moved by a pixel counts as lost at the highest overlaps, right or wrong: of ten artifacts of three detectors
 * those that lose less than half a point of labelled mAP agree by 90.8 % and more, those that lose 2.6 to 3.1 points by 83 to 91 %.
 *
 * @param own see `ownLabels`.
 * @param measure mAP of an artifact file on a labelled set.
 * @throws TaktError `NothingFound` where FP32 finds nothing, so that nothing would tell what is lost.
 */
export function agreementQuality(
  own: OwnLabels,
  budgetPercent: number,
  measure: (path: string, label: string) => Promise<GoldenAccuracy>,
): QualityMeter {
  if (!own.images.some(({ objects }) => objects.length > 0)) {
    throw new TaktError({
      code: 'NothingFound',
      message: `the model finds nothing on ${String(own.images.length)} calibration images, so nothing would tell what integers lose`,
      action: 'calibrate with images that show what the model is to find, or give a labelled set with --data',
      component: 'worker',
    });
  }
  return {
    gate: {
      by: 'own-boxes',
      budget: budgetPercent,
      words: (lost) =>
        `finds ${(100 - lost).toFixed(1)} % of FP32's boxes again (mAP@0.5:0.95; at least ${(100 - budgetPercent).toFixed(1)} % are asked for)`,
      heading: '% of FP32’s boxes lost',
      basis: `No labelled images were given: what FP32 finds on ${String(own.images.length)} calibration images (score ${String(own.leastScore)} and above) has to be found again, ${budgetPercent.toFixed(1)} % of mAP@0.5:0.95 may be lost.`,
    },
    images: own.images,
    measure: async (path, label) => ({ lost: 100 * (1 - (await measure(path, label)).map50_95), accuracy: null }),
  };
}
