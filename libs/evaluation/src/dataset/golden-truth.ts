import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from '../coco/coco-data.js';
import type { Box } from '../detect/box.js';
import type { LabelledObject } from './labelled-object.js';

/** An image that was looked at: its size in pixels and what is labelled and was found in it. */
export interface EvaluatedImage {
  readonly width: number;
  readonly height: number;
  readonly objects: readonly LabelledObject[];
  readonly boxes: readonly Box[];
}

/** Labels and boxes of a data set as COCO ground truth and detections: image ids from 1 in order, category id = class id. */
export function toCoco(
  images: readonly EvaluatedImage[],
  names: readonly string[],
): { groundTruth: CocoGroundTruth; detections: CocoDetection[] } {
  const annotations = images.flatMap(({ objects, ...size }, index) =>
    objects.map((object): CocoAnnotation => {
      const bbox = inPixels(object, size);
      return { imageId: index + 1, categoryId: object.classId, bbox, area: object.area ?? bbox[2] * bbox[3], crowd: object.crowd };
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

function inPixels({ bbox, unit }: LabelledObject, { width, height }: Pick<EvaluatedImage, 'width' | 'height'>): CocoAnnotation['bbox'] {
  return unit === 'pixels' ? bbox : [bbox[0] * width, bbox[1] * height, bbox[2] * width, bbox[3] * height];
}
