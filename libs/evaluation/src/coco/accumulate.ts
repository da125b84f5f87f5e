import type { ImageMatches } from './match.js';
import { IOU_THRESHOLDS, RECALL_POINTS } from './parameters.js';

/** NumPy's `spacing(1)`: keeps precision defined where nothing was found. */
const EPSILON = Number.EPSILON;

/** One category, size range and detection limit. */
export interface Curve {
  /** Per IoU threshold: precision at each of RECALL_POINTS (0 where that recall is not reached). */
  readonly precision: readonly Float64Array[];
  /** Per IoU threshold: the highest recall. */
  readonly recall: readonly number[];
}

/**
 * Precision over recall of one category from all its images (in image order), at most `limit` detections of each; undefined
 * where there is no object to find. Precision is made monotone from the right and read at the first point that reaches
 * each recall.
 */
export function accumulate(images: readonly ImageMatches[], limit: number): Curve | undefined {
  const positives = images.reduce((sum, image) => sum + image.positives, 0);
  if (positives === 0) return undefined;
  const detections = images.flatMap((image) => image.scores.slice(0, limit).map((score, index) => ({ score, index, image })));
  detections.sort((a, b) => b.score - a.score);
  const precision: Float64Array[] = [];
  const recall: number[] = [];
  IOU_THRESHOLDS.forEach((_, t) => {
    const count = detections.length;
    const recalls = new Float64Array(count);
    const precisions = new Float64Array(count);
    let right = 0;
    let wrong = 0;
    detections.forEach(({ image, index }, d) => {
      if (image.ignored[t]?.[index] === 0) {
        if (image.matched[t]?.[index] === 1) right += 1;
        else wrong += 1;
      }
      recalls[d] = right / positives;
      precisions[d] = right / (wrong + right + EPSILON);
    });
    for (let d = count - 1; d > 0; d -= 1) precisions[d - 1] = Math.max(precisions[d - 1] as number, precisions[d] as number);
    const points = new Float64Array(RECALL_POINTS.length);
    let d = 0;
    RECALL_POINTS.forEach((point, p) => {
      while (d < count && (recalls[d] as number) < point) d += 1;
      points[p] = d < count ? (precisions[d] as number) : 0;
    });
    precision.push(points);
    recall.push(count === 0 ? 0 : (recalls[count - 1] as number));
  });
  return { precision, recall };
}
