import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from '../coco/coco-data.js';
import type { Box } from '../detect/box.js';
import type { YoloLabel } from './yolo-labels.js';

/** An image that was looked at: its size and what is labelled and was found in it. */
export interface EvaluatedImage {
  readonly width: number;
  readonly height: number;
  readonly labels: readonly YoloLabel[];
  readonly boxes: readonly Box[];
}

/** Labels and boxes of a data set as COCO ground truth and detections: image ids from 1, category id = class id. */
export function toCoco(
  images: readonly EvaluatedImage[],
  names: readonly string[],
): { groundTruth: CocoGroundTruth; detections: CocoDetection[] } {
  const annotations = images.flatMap(({ width, height, labels }, index) =>
    labels.map((label): CocoAnnotation => {
      const boxWidth = label.width * width;
      const boxHeight = label.height * height;
      const x = (label.centreX - label.width / 2) * width;
      const y = (label.centreY - label.height / 2) * height;
      return {
        imageId: index + 1,
        categoryId: label.classId,
        bbox: [x, y, boxWidth, boxHeight],
        area: boxWidth * boxHeight,
        crowd: false,
      };
    }),
  );
  const detections = images.flatMap(({ boxes }, index) =>
    boxes.map((box): CocoDetection => ({
      imageId: index + 1,
      categoryId: box.classId,
      bbox: [box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1],
      score: box.score,
    })),
  );
  const categories = names.map((name, id) => ({ id, name }));
  return { groundTruth: { images: images.map((_, index) => ({ id: index + 1 })), categories, annotations }, detections };
}
