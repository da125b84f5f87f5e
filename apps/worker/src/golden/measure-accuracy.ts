import { evaluateCoco, toCoco } from '@takt/evaluation';
import type { CocoAccuracy } from '@takt/evaluation';
import type { HostClient } from '../host/host-client.js';
import type { GoldenSet } from './golden-set.js';

export interface GoldenAccuracy extends CocoAccuracy {
  readonly images: number;
  readonly groundTruth: number;
  readonly detections: number;
}

/** mAP of the artifact that `host` has loaded, on a labelled set. */
export async function measureAccuracy(
  host: HostClient,
  golden: GoldenSet,
  progress: (done: number, total: number) => void,
): Promise<GoldenAccuracy> {
  const { images: found } = await host.ask({ kind: 'detect', images: golden.images.map((image) => image.path) }, progress);
  const evaluated = golden.images.map(({ labels }, index) => {
    const { boxes, width, height } = found[index] as (typeof found)[number];
    return { width, height, labels, boxes };
  });
  const { groundTruth, detections } = toCoco(evaluated, golden.names);
  const accuracy = evaluateCoco(groundTruth, detections);
  return { ...accuracy, images: golden.images.length, groundTruth: groundTruth.annotations.length, detections: detections.length };
}
