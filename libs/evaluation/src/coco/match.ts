import type { CocoAnnotation, CocoDetection } from './coco-data.js';
import { IOU_THRESHOLDS, MAX_DETECTIONS } from './parameters.js';

/** One image and category: what each detection met at each IoU threshold. */
export interface ImageMatches {
  /** Scores of the detections, descending. */
  readonly scores: readonly number[];
  /** Per threshold, per detection: 1 where an object was matched. */
  readonly matched: readonly Uint8Array[];
  /** Per threshold, per detection: 1 where the detection counts neither as right nor as wrong. */
  readonly ignored: readonly Uint8Array[];
  /** Objects that count. */
  readonly positives: number;
}

/** Objects and detections of one image and category, with the IoU of each pair; the same for all size ranges. */
export interface ImageCategory {
  readonly truths: readonly CocoAnnotation[];
  /** The best `MAX_DETECTIONS` in descending score; equal scores keep their order. */
  readonly detections: readonly CocoDetection[];
  /** IoU of detection d and truth g at `d * truths.length + g`. */
  readonly overlaps: Float64Array;
}

export function pairUp(truths: readonly CocoAnnotation[], found: readonly CocoDetection[]): ImageCategory {
  const detections = found.toSorted((a, b) => b.score - a.score).slice(0, MAX_DETECTIONS.at(-1));
  const overlaps = new Float64Array(truths.length * detections.length);
  detections.forEach((detection, d) => {
    truths.forEach((truth, g) => {
      overlaps[d * truths.length + g] = overlap(detection.bbox, truth.bbox, truth.crowd);
    });
  });
  return { truths, detections, overlaps };
}

type XYWH = readonly [number, number, number, number];

/** IoU in continuous coordinates (no +1); against a crowd the share of the detection that lies inside it. */
function overlap(detection: XYWH, truth: XYWH, crowd: boolean): number {
  const width = Math.min(detection[2] + detection[0], truth[2] + truth[0]) - Math.max(detection[0], truth[0]);
  if (width <= 0) return 0;
  const height = Math.min(detection[3] + detection[1], truth[3] + truth[1]) - Math.max(detection[1], truth[1]);
  if (height <= 0) return 0;
  const shared = width * height;
  const area = detection[2] * detection[3];
  return shared / (crowd ? area : area + truth[2] * truth[3] - shared);
}

/**
 * Greedy matching as pycocotools' `evaluateImg`: detections in descending score each take the free object with the highest
 * IoU at or above the threshold (a later one on equal IoU); objects that count are preferred over ignored ones; crowds may
 * be taken again and again. Unlike pycocotools, whose match marks are annotation ids, an id of 0 means nothing here.
 */
export function matchImage(pair: ImageCategory, areaRange: readonly [number, number]): ImageMatches {
  const { truths, detections, overlaps } = pair;
  const outside = (area: number): boolean => area < areaRange[0] || area > areaRange[1];
  const truthIgnored = truths.map((truth) => truth.crowd || outside(truth.area));
  const order = [...truths.keys()].sort((a, b) => Number(truthIgnored[a]) - Number(truthIgnored[b]));
  const matched: Uint8Array[] = [];
  const ignored: Uint8Array[] = [];
  for (const threshold of IOU_THRESHOLDS) {
    const taken = new Uint8Array(truths.length);
    const hits = new Uint8Array(detections.length);
    const skips = new Uint8Array(detections.length);
    detections.forEach((detection, d) => {
      let best = Math.min(threshold, 1 - 1e-10);
      let match = -1;
      for (const g of order) {
        if (taken[g] === 1 && !truths[g]?.crowd) continue;
        if (match >= 0 && !truthIgnored[match] && truthIgnored[g]) break;
        const iou = overlaps[d * truths.length + g] as number;
        if (iou < best) continue;
        best = iou;
        match = g;
      }
      if (match >= 0) {
        taken[match] = 1;
        hits[d] = 1;
        skips[d] = truthIgnored[match] ? 1 : 0;
      } else if (outside(detection.bbox[2] * detection.bbox[3])) {
        skips[d] = 1;
      }
    });
    matched.push(hits);
    ignored.push(skips);
  }
  const positives = truthIgnored.filter((value) => !value).length;
  return { scores: detections.map((detection) => detection.score), matched, ignored, positives };
}
