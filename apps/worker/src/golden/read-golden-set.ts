import { TaktError } from '@takt/kernel';
import { readCocoSet } from './coco-set.js';
import type { GoldenSet, LabelledModel } from './golden-set.js';
import { requireSameClasses } from './same-classes.js';
import { readYoloSet } from './yolo-set.js';

/** Where a labelled set is. */
export interface GoldenSource {
  /** A YOLO data.yaml, or COCO JSON where its name ends in `.json`. */
  readonly file: string;
  /** Folder of the images of COCO JSON; null looks for them near the file. */
  readonly images: string | null;
}

const COCO_NAME = /\.json$/i;

/**
 * Reads a labelled set for a model.
 *
 * @throws TaktError `ClassesDiffer` where it labels other classes than the model detects; `ImagesFolderUnused` where a
 *   folder is named for a data.yaml; what {@link readYoloSet} and {@link readCocoSet} throw.
 */
export async function readGoldenSet({ file, images }: GoldenSource, model: LabelledModel): Promise<GoldenSet> {
  if (COCO_NAME.test(file)) return readCocoSet(file, images, model);
  if (images !== null) {
    throw new TaktError({
      code: 'ImagesFolderUnused',
      message: `${file} says itself where its images are, so the folder ${images} would not be used`,
      action: 'leave --images out, or name COCO JSON (a file that ends in .json) as --data',
      component: 'worker',
      element: images,
    });
  }
  const set = await readYoloSet(file);
  requireSameClasses(model, set.names, file);
  return { ...set, classesBy: 'index' };
}
