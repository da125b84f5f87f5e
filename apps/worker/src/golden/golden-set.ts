import type { LabelledObject } from '@takt/evaluation';
import type { RunnableModel } from './input-model.js';

export interface GoldenImage {
  readonly path: string;
  /** Pixels that the labels were made for; null where the format does not say. */
  readonly size: { readonly width: number; readonly height: number } | null;
  readonly objects: readonly LabelledObject[];
}

/** A labelled data set on disk, whatever its format. */
export interface GoldenSet {
  /** Index = class id of the model. */
  readonly names: readonly string[];
  /** How the set's classes became the model's: by their own index (YOLO), by name, or in the order of their ids (COCO). */
  readonly classesBy: 'index' | 'name' | 'id-order';
  /** In the order in which equal scores are ranked: by path (YOLO) or image id (COCO). */
  readonly images: readonly GoldenImage[];
}

/** What labels are matched with. */
export type LabelledModel = Pick<RunnableModel, 'name' | 'names' | 'detector'>;
