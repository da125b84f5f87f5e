import { labelPath, parseYoloLabels, readYoloData } from '@takt/evaluation';
import { listImages } from '@takt/image-io';
import { TaktError } from '@takt/kernel';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { TextLimit, readText } from '../process/read-text.js';
import type { GoldenImage } from './golden-set.js';

/** Split that accuracy is measured on. */
const SPLIT = 'val';

/**
 * Reads a YOLO data set: data.yaml, its `val` images, one label file per image (an image without one has no object).
 *
 * @throws TaktError `DatasetUnreadable`, `DatasetFileInvalid`, `LabelFileInvalid`, `ImageFolderUnreadable` or `ImageFolderEmpty`.
 */
export async function readYoloSet(dataYaml: string): Promise<{ names: readonly string[]; images: readonly GoldenImage[] }> {
  const { path, images: folders, names } = readYoloData(await readYaml(dataYaml), SPLIT, dataYaml);
  const root = resolve(dirname(dataYaml), path);
  const images: GoldenImage[] = [];
  for (const folder of folders) {
    for (const image of await listImages(resolve(root, folder))) {
      const labels = labelPath(image);
      images.push({ path: image, size: null, objects: parseYoloLabels(await readLabels(labels), names.length, labels) });
    }
  }
  return { names, images };
}

async function readYaml(path: string): Promise<unknown> {
  const unreadable = (what: string, cause: unknown): TaktError =>
    new TaktError({
      code: 'DatasetUnreadable',
      message: `data set file ${path} ${what}: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}`,
      action: 'name the data.yaml of a labelled YOLO data set, or a COCO file that ends in .json',
      component: 'worker',
      element: path,
      cause,
    });
  let text: string;
  try {
    text = await readText(path, TextLimit.dataSet);
  } catch (error) {
    throw unreadable('cannot be read', error);
  }
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw unreadable('is no YAML', error);
  }
}

async function readLabels(path: string): Promise<string> {
  try {
    return await readText(path, TextLimit.labels);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new TaktError({
      code: 'LabelFileInvalid',
      message: `label file ${path} cannot be read: ${(error as Error).message}`,
      action: 'check that this user may read it',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
}
