import { TaktError } from '@takt/kernel';
import { accumulate } from './accumulate.js';
import type { Curve } from './accumulate.js';
import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from './coco-data.js';
import { matchImage, pairUp } from './match.js';
import { AREA_RANGES, IOU_THRESHOLDS, MAX_DETECTIONS } from './parameters.js';

export interface CategoryAccuracy {
  readonly categoryId: number;
  readonly name: string;
  /** AP@0.5 and AP@0.5:0.95 as fractions; −1 where the ground truth has no object of the category. */
  readonly ap50: number;
  readonly ap: number;
}

export interface CocoAccuracy {
  /**
   * pycocotools' twelve figures: AP, AP50, AP75, AP small, medium, large, AR with 1, 10, 100 detections, AR small, medium,
   * large. Fractions; −1 where there is nothing to measure.
   */
  readonly stats: readonly number[];
  readonly map50: number;
  readonly map50_95: number;
  /** By ascending category id. */
  readonly perCategory: readonly CategoryAccuracy[];
}

/**
 * Box mAP as pycocotools' `COCOeval(iouType='bbox')` computes it with its default parameters.
 *
 * @throws TaktError `DetectionImageUnknown` when a detection names an image that the ground truth does not have.
 */
export function evaluateCoco(groundTruth: CocoGroundTruth, detections: readonly CocoDetection[]): CocoAccuracy {
  const imageIds = [...new Set(groundTruth.images.map((image) => image.id))].sort((a, b) => a - b);
  const known = new Set(imageIds);
  const stranger = detections.find((detection) => !known.has(detection.imageId));
  if (stranger !== undefined) {
    throw new TaktError({
      code: 'DetectionImageUnknown',
      message: `a detection names image ${String(stranger.imageId)}, which the ground truth does not have`,
      action: 'use the ground truth that the detections were made on',
      component: 'evaluation',
      element: String(stranger.imageId),
    });
  }
  const categories = [...new Map(groundTruth.categories.map((category) => [category.id, category])).values()].sort((a, b) => a.id - b.id);
  const truths = grouped<CocoAnnotation>(groundTruth.annotations);
  const found = grouped<CocoDetection>(detections);
  // curves[category][area][limit]; only limits and sizes that a figure reads are computed.
  const curves = categories.map(({ id }) => {
    const pairs = imageIds.flatMap((imageId) => {
      const key = groupKey(imageId, id);
      const objects = truths.get(key) ?? [];
      const boxes = found.get(key) ?? [];
      return objects.length === 0 && boxes.length === 0 ? [] : [pairUp(objects, boxes)];
    });
    return AREA_RANGES.map((range, area) => {
      const matches = pairs.map((pair) => matchImage(pair, range));
      return MAX_DETECTIONS.map((limit, index) => (area === 0 || index === 2 ? accumulate(matches, limit) : undefined));
    });
  });
  const select = (area: number, limit: number): (Curve | undefined)[] => curves.map((category) => category[area]?.[limit]);
  const stats = [
    averagePrecision(select(0, 2)),
    averagePrecision(select(0, 2), 0),
    averagePrecision(select(0, 2), 5),
    averagePrecision(select(1, 2)),
    averagePrecision(select(2, 2)),
    averagePrecision(select(3, 2)),
    averageRecall(select(0, 0)),
    averageRecall(select(0, 1)),
    averageRecall(select(0, 2)),
    averageRecall(select(1, 2)),
    averageRecall(select(2, 2)),
    averageRecall(select(3, 2)),
  ];
  const perCategory = categories.map(({ id, name }, index) => {
    const curve = [curves[index]?.[0]?.[2]];
    return { categoryId: id, name, ap50: averagePrecision(curve, 0), ap: averagePrecision(curve) };
  });
  return { stats, map50: stats[1] as number, map50_95: stats[0] as number, perCategory };
}

const groupKey = (imageId: number, categoryId: number): string => `${String(imageId)}/${String(categoryId)}`;

function grouped<T extends { imageId: number; categoryId: number }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = groupKey(item.imageId, item.categoryId);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean precision over recall points, IoU thresholds (or the one at `threshold`) and the categories that have objects. */
function averagePrecision(curves: readonly (Curve | undefined)[], threshold?: number): number {
  const thresholds = threshold === undefined ? IOU_THRESHOLDS.map((_, t) => t) : [threshold];
  return mean(thresholds.flatMap((t) => curves.flatMap((curve) => (curve === undefined ? [] : [...(curve.precision[t] ?? [])]))));
}

function averageRecall(curves: readonly (Curve | undefined)[]): number {
  return mean(curves.flatMap((curve) => curve?.recall ?? []));
}
