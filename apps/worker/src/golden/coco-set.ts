import { readCocoDataSet } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { GoldenSet, LabelledModel } from './golden-set.js';
import { readCocoJson } from './read-coco-json.js';

/**
 * Reads COCO JSON and finds its images: in `folder`, or else in the first of these that holds one of them: the file's own
 * folder, `images` beside it, and COCO's layouts around an `annotations` folder (`../images`, `../val2017`,
 * `../images/val2017`, with the split that the file is named after).
 *
 * @throws TaktError `CocoFileInvalid`, `ClassesDiffer`, or `GoldenImageMissing` naming the first image that is not there.
 */
export async function readCocoSet(file: string, folder: string | null, model: LabelledModel): Promise<GoldenSet> {
  const { name, names: modelNames, detector } = model;
  const { names, classesBy, images } = readCocoDataSet(
    await readCocoJson(file),
    { name, names: modelNames, classes: detector.classes },
    file,
  );
  const folders = folder === null ? foldersNear(file) : [folder];
  const fileNames = images.map(({ fileName }) => fileName);
  const holder = folders.length === 1 ? (folders[0] as string) : await firstHolder(folders, fileNames);
  for (const { id, fileName } of images) {
    if (holder === undefined || !(await isFile(join(holder, fileName))))
      throw missing(file, id, fileName, holder === undefined ? folders : [holder]);
  }
  return {
    names,
    classesBy,
    images: images.map(({ fileName, size, objects }) => ({ path: join(holder as string, fileName), size, objects })),
  };
}

/** `instances_val2017.json` is the split `val2017`. */
function foldersNear(file: string): string[] {
  const beside = dirname(file);
  const split = /^(?:instances|annotations)_(.+)\.json$/i.exec(basename(file))?.[1] ?? 'val2017';
  const near = ['.', 'images', '../images', `../${split}`, '../val2017', `../images/${split}`].map((path) => resolve(beside, path));
  return [...new Set(near)];
}

async function firstHolder(folders: readonly string[], fileNames: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    for (const fileName of fileNames) if (await isFile(join(folder, fileName))) return folder;
  }
  return undefined;
}

const isFile = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() ?? false;

const missing = (file: string, id: number, fileName: string, folders: readonly string[]): TaktError =>
  new TaktError({
    code: 'GoldenImageMissing',
    message: `${file} names image ${String(id)} as ${fileName}, which is not in ${folders.join(', nor in ')}`,
    action: 'name the folder of its images with --images, or take the image out of the file',
    component: 'worker',
    element: fileName,
  });
