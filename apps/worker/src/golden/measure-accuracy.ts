import { evaluateCoco, toCoco } from '@takt/evaluation';
import type { CocoAccuracy } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import type { HostClient } from '../host/host-client.js';
import type { DetectedImage } from '../host/messages.js';
import type { GoldenImage, GoldenSet } from './golden-set.js';

export interface GoldenAccuracy extends CocoAccuracy {
  readonly images: number;
  readonly groundTruth: number;
  readonly detections: number;
}

/** mAP of the artifact that `host` has loaded, on a labelled set. Throws TaktError `ImageSizeDiffers`. */
export async function measureAccuracy(
  host: HostClient,
  golden: GoldenSet,
  progress: (done: number, total: number) => void,
): Promise<GoldenAccuracy> {
  const { images: found } = await host.ask({ kind: 'detect', images: golden.images.map((image) => image.path) }, progress);
  const evaluated = golden.images.map((image, index) => {
    const { boxes, width, height } = found[index] as (typeof found)[number];
    requireSize(image, { width, height });
    return { width, height, objects: image.objects, boxes };
  });
  const { groundTruth, detections } = toCoco(evaluated, golden.names);
  const accuracy = evaluateCoco(groundTruth, detections);
  return { ...accuracy, images: golden.images.length, groundTruth: groundTruth.annotations.length, detections: detections.length };
}

/** Boxes in pixels mean nothing on an image of another size or turned otherwise. */
function requireSize({ path, size }: GoldenImage, { width, height }: Pick<DetectedImage, 'width' | 'height'>): void {
  if (size === null || (size.width === width && size.height === height)) return;
  throw new TaktError({
    code: 'ImageSizeDiffers',
    message: `${path} is ${String(width)} × ${String(height)} pixels, its labels were made for ${String(size.width)} × ${String(size.height)}`,
    action: 'use the images that the labels were made on, at their full size and turned the same way',
    component: 'worker',
    element: path,
  });
}
