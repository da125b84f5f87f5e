/** One detection. Corners in pixels of the frame, x to the right, y down. */
export interface Box {
  /** Index into the model's class names. */
  readonly classId: number;
  /** Objectness times class score, 0–1. */
  readonly score: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface DetectionThresholds {
  /** Boxes must score above it, 0–1. */
  readonly confidence: number;
  /** Boxes of one class that overlap a better one by more than this IoU are dropped, 0–1. */
  readonly iou: number;
  /** At most so many boxes a frame. */
  readonly maxDetections: number;
  /** At most so many candidates, the best ones, enter suppression. */
  readonly maxCandidates: number;
  /** Whether one anchor may give a box for each class above the threshold, or only for its best class. */
  readonly multiLabel: boolean;
}

/** YOLOv5's validation settings, without its time limit, which drops boxes on slow hosts. */
export const EVALUATION_THRESHOLDS: DetectionThresholds = {
  confidence: 0.001,
  iou: 0.6,
  maxDetections: 300,
  maxCandidates: 30_000,
  multiLabel: true,
};

/** What a line is served with, and what speed is measured with. */
export const SERVING_THRESHOLDS: DetectionThresholds = {
  confidence: 0.25,
  iou: 0.45,
  maxDetections: 300,
  maxCandidates: 30_000,
  multiLabel: false,
};
