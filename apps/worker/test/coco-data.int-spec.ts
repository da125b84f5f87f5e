import { sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRunnableModel } from '../src/golden/input-model.js';
import { readGoldenSet } from '../src/golden/read-golden-set.js';
import { asCoco } from './coco-truth.js';
import type { CocoTruth } from './coco-truth.js';
import { failureOf, removeFolder, resultOf, runWorker, scratchFolder, smallGolden } from './worker-process.js';

const IMAGES = 6;

let folder: string;
let yolo: string;
let set: string;
beforeEach(async () => {
  folder = await scratchFolder();
  yolo = await smallGolden(folder, IMAGES);
  set = dirname(yolo);
});
afterEach(() => removeFolder(folder));

const write = async (truth: CocoTruth, path = join(set, 'instances_val2017.json')): Promise<string> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(truth));
  return path;
};
const job = (data: string, images: string | null = null, model = sampleModelPath()): unknown => ({
  kind: 'evaluate',
  of: 'model',
  model,
  data,
  images,
  threads: 1,
});
const figures = async (...args: Parameters<typeof job>) => {
  const result = resultOf(await runWorker(folder, job(...args)));
  if (result.kind !== 'evaluate') throw new Error(result.kind);
  return result;
};
const refusal = async (...args: Parameters<typeof job>) => {
  const error = await failureOf(job(...args));
  expect(error.action).not.toBe('');
  return error;
};

describe('COCO JSON as labelled set', () => {
  it('gives the figures and the progress of the same labels in YOLO form, and says how classes were matched', async () => {
    const expected = await figures(yolo);
    const run = await runWorker(folder, job(await write(asCoco(set))));
    const { classesBy, stats, perClass, ...counts } = resultOf(run) as typeof expected;
    expect(classesBy).toBe('name');
    expect(counts).toMatchObject({ images: IMAGES, groundTruth: expected.groundTruth, detections: expected.detections });
    stats.forEach((value, index) => {
      expect(Math.abs(value - (expected.stats[index] as number)), `stats[${String(index)}]`).toBeLessThan(1e-9);
    });
    expect(perClass.map(({ name }) => name)).toEqual(expected.perClass.map(({ name }) => name));
    const progress = run.messages.filter((message) => message.type === 'progress');
    expect(progress.at(-1)).toMatchObject({ phase: 'evaluate', done: IMAGES, total: IMAGES });
    expect(expected.classesBy).toBeUndefined();
  });

  it('leaves crowds out of what must be found', async () => {
    const truth = asCoco(set);
    const [first] = truth.annotations;
    const crowd = truth.annotations.map((each) => ({ ...each, iscrowd: each.category_id === first?.category_id ? 1 : 0 }));
    const result = await figures(await write({ ...truth, annotations: crowd }));
    const name = truth.categories.find(({ id }) => id === first?.category_id)?.name;
    expect(result.perClass.find((row) => row.name === name)).toMatchObject({ ap50: -1, ap: -1 });
    expect(result.groundTruth).toBe(truth.annotations.length);
    expect(result.map50).toBeGreaterThan(0);
  });

  const layouts: [name: string, file: string, images: string][] = [
    ['COCO’s layout', 'annotations/instances_val2017.json', 'val2017'],
    ['COCO’s layout with another split', 'annotations/instances_test.json', 'test'],
    ['images and annotations side by side', 'annotations/all.json', 'images'],
    ['images below the file', 'all.json', 'images'],
    ['images beside the file', 'all.json', '.'],
  ];
  it.each(layouts)('finds the images in %s', async (_, file, images) => {
    const path = join(folder, 'set', file);
    const truth = asCoco(set);
    await write(truth, path);
    const target = join(folder, 'set', images);
    for (const { file_name } of truth.images) {
      await mkdir(target, { recursive: true });
      await rename(join(set, 'images', file_name), join(target, file_name));
    }
    const found = await readGoldenSet({ file: path, images: null }, await readRunnableModel(sampleModelPath()));
    expect(found.classesBy).toBe('name');
    expect(found.images.map((image) => image.path).sort()).toEqual(truth.images.map(({ file_name }) => join(target, file_name)).sort());
  });

  it('takes the images from the folder that is named, and names the first that is missing', async () => {
    const elsewhere = join(folder, 'truth.json');
    const truth = asCoco(set);
    await write(truth, elsewhere);
    expect(await figures(elsewhere, join(set, 'images'))).toMatchObject({ images: IMAGES });
    const gone = truth.images[3] as (typeof truth.images)[number];
    await rm(join(set, 'images', gone.file_name));
    const { code, message, element } = await refusal(elsewhere, join(set, 'images'));
    expect({ code, element }).toEqual({ code: 'GoldenImageMissing', element: gone.file_name });
    expect(message).toContain(`image ${String(gone.id)} as ${gone.file_name}`);
    expect(await refusal(elsewhere)).toMatchObject({ code: 'GoldenImageMissing', element: truth.images[0]?.file_name });
    expect(await refusal(yolo, set)).toMatchObject({ code: 'ImagesFolderUnused' });
  });

  it('takes categories in the order of their ids where the model has no class names', async () => {
    const model = join(folder, 'tiny.onnx');
    await writeFile(model, tinyDetector({ named: false }));
    const truth = asCoco(set);
    const categories = truth.categories.slice(0, 2);
    const kept = new Set(categories.map(({ id }) => id));
    const annotations = truth.annotations.filter(({ category_id }) => kept.has(category_id));
    const result = await figures(await write({ ...truth, categories, annotations }), null, model);
    expect(result.classesBy).toBe('id-order');
    expect(result.perClass.map(({ name }) => name)).toEqual(categories.map(({ name }) => name).toReversed());
    expect(await refusal(await write(truth), null, model)).toMatchObject({ code: 'ClassesDiffer' });
  });

  it('refuses other classes, images of another size, JSON that is cut or hostile', async () => {
    const truth = asCoco(set);
    const renamed = truth.categories.map((category) => ({ ...category, name: `${category.name}s` }));
    expect(await refusal(await write({ ...truth, categories: renamed }))).toMatchObject({ code: 'ClassesDiffer' });
    const turned = truth.images.map((image) => ({ ...image, width: image.height, height: image.width }));
    const run = await runWorker(folder, job(await write({ ...truth, images: turned })));
    expect(run).toMatchObject({ exitCode: 1 });
    expect(run.messages.at(-1)).toMatchObject({ type: 'error', error: { code: 'ImageSizeDiffers' } });
    const file = await write(truth);
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, 500));
    expect(await refusal(file)).toMatchObject({ code: 'CocoFileInvalid', element: file });
    await writeFile(file, '[]');
    expect(await refusal(file)).toMatchObject({ code: 'CocoFileInvalid', element: file });
    expect(await refusal(join(set, 'none.json'))).toMatchObject({ code: 'CocoFileInvalid' });
  });
});
