/** `count` numbers from `start` to `end` inclusive, computed as NumPy's `linspace` does, to the last bit. */
function linspace(start: number, end: number, count: number): number[] {
  const step = (end - start) / (count - 1);
  return Array.from({ length: count }, (_, index) => (index === count - 1 ? end : index * step + start));
}

/** IoU thresholds 0.50, 0.55 … 0.95. */
export const IOU_THRESHOLDS: readonly number[] = linspace(0.5, 0.95, 10);

/** Recall points 0, 0.01 … 1 at which precision is read. */
export const RECALL_POINTS: readonly number[] = linspace(0, 1, 101);

/** Detections per image and category that count, ascending. */
export const MAX_DETECTIONS = [1, 10, 100] as const;

/** Object sizes in pixels² (bounds inclusive): all, small, medium, large. */
export const AREA_RANGES: readonly (readonly [number, number])[] = [
  [0, 1e10],
  [0, 32 ** 2],
  [32 ** 2, 96 ** 2],
  [96 ** 2, 1e10],
];
