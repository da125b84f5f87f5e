import type { DetectionThresholds } from './box.js';
import type { Candidates } from './candidates.js';

/**
 * Greedy non-maximum suppression within each class: candidates in descending score (equal scores in network order) are kept
 * unless a kept box of the same class overlaps them by more than the IoU threshold. Ends at `maxDetections`.
 *
 * @returns indices of the kept candidates, best first.
 */
export function suppress(candidates: Candidates, thresholds: DetectionThresholds): number[] {
  const { scores, classIds, corners } = candidates;
  const order = Uint32Array.from(scores.keys());
  order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
  const kept: number[] = [];
  const keptOfClass = new Map<number, number[]>();
  for (const index of order.subarray(0, thresholds.maxCandidates)) {
    const classId = classIds[index] as number;
    let rivals = keptOfClass.get(classId);
    if (rivals === undefined) {
      rivals = [];
      keptOfClass.set(classId, rivals);
    }
    if (rivals.some((rival) => intersectionOverUnion(corners, rival, index) > thresholds.iou)) continue;
    rivals.push(index);
    kept.push(index);
    if (kept.length >= thresholds.maxDetections) break;
  }
  return kept;
}

function intersectionOverUnion(corners: readonly number[], a: number, b: number): number {
  const ax1 = corners[4 * a] as number;
  const ay1 = corners[4 * a + 1] as number;
  const ax2 = corners[4 * a + 2] as number;
  const ay2 = corners[4 * a + 3] as number;
  const bx1 = corners[4 * b] as number;
  const by1 = corners[4 * b + 1] as number;
  const bx2 = corners[4 * b + 2] as number;
  const by2 = corners[4 * b + 3] as number;
  const width = Math.min(ax2, bx2) - Math.max(ax1, bx1);
  const height = Math.min(ay2, by2) - Math.max(ay1, by1);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - shared);
}
