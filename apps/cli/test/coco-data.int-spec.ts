import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleGoldenFolder } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeHome } from './run-takt.js';
import type { Home } from './run-takt.js';

/** `npm run prove` runs every case; `npm test` runs one of each kind. */
const prove = process.env['TAKT_PROVE'] === '1';
let home: Home;
let images: string[];
/** COCO JSON of the pictures, with the classes of the tiny detector against the order of their ids. */
let truth: {
  images: { id: number; file_name: string; width: number; height: number }[];
  categories: { id: number; name: string }[];
  annotations: { id: number; image_id: number; category_id: number; bbox: number[]; area: number; iscrowd: number }[];
};

beforeEach(async () => {
  home = await makeHome();
  const source = join(sampleGoldenFolder(), 'images');
  images = (await readdir(source)).sort().slice(0, 3);
  await mkdir(join(home.path, 'pictures'));
  for (const name of images) await copyFile(join(source, name), join(home.path, 'pictures', name));
  truth = {
    images: images.map((file_name, index) => ({ id: 7 * index + 1, file_name, width: 480, height: 360 })),
    categories: [
      { id: 3, name: 'class-1' },
      { id: 9, name: 'class-0' },
    ],
    annotations: images.map((_, index) => ({
      id: index + 1,
      image_id: 7 * index + 1,
      category_id: index % 2 === 0 ? 3 : 9,
      bbox: [20, 20, 200, 100],
      area: 20_000,
      iscrowd: 0,
    })),
  };
  await writeFile(join(home.path, 'truth.json'), JSON.stringify(truth));
  await writeFile(join(home.path, 'tiny.onnx'), tinyDetector());
});
afterEach(() => home.remove());

describe('COCO JSON as --data', () => {
  it('is evaluated with its images named, and the text says how classes were matched', async () => {
    const args = ['evaluate', '--model', 'tiny.onnx', '--data', 'truth.json', '--images', 'pictures', '--threads', '1'];
    const done = await home.spawn([...args, '--json', 'figures.json']);
    expect(done).toMatchObject({ exitCode: 0 });
    expect(done.stdout).toMatch(/Classes +matched by name/);
    expect(done.stderr).toMatch(/evaluate .*100 %/);
    const figures = JSON.parse(await readFile(join(home.path, 'figures.json'), 'utf8')) as { perClass: { name: string }[] };
    expect(figures).toMatchObject({ images: 3, groundTruth: 3, classesBy: 'name' });
    expect(figures.perClass.map(({ name }) => name)).toEqual(['class-0', 'class-1']);
  });

  it('names the first image that is missing, its id and what to do', async () => {
    const done = await home.spawn(['evaluate', '--model', 'tiny.onnx', '--data', 'truth.json', '--json']);
    expect(done).toMatchObject({ exitCode: 1, stdout: '' });
    expect(done.stderr).toContain(`image 1 as ${images[0] ?? ''}`);
    expect(done.stderr).toMatch(/code: GoldenImageMissing\nNext: .*--images/);
  });

  it('serves quantize, whose report says how classes were matched', async () => {
    const args = ['quantize', '--model', 'tiny.onnx', '--calibration', 'pictures', '--sample', '2', '--out', 'out', '--budget', '100'];
    const done = await home.spawn([...args, '--targets', 'onnxruntime', '--data', 'truth.json', '--images', 'pictures', '--json']);
    expect(done.exitCode).toBe(0);
    const result = JSON.parse(done.stdout) as { classesBy: string; fp32: { map50: number } };
    expect(result.classesBy).toBe('name');
    expect(result.fp32.map50).toBeGreaterThanOrEqual(0);
    expect(await readFile(join(home.path, 'out/report.md'), 'utf8')).toContain('3 labelled images, classes matched by name');
    expect(await home.spawn([...args, '--images', 'pictures'])).toMatchObject({ exitCode: 2, stdout: '' });
    await writeFile(join(home.path, 'empty.json'), JSON.stringify({ ...truth, annotations: [] }));
    const unlabelled = await home.spawn([...args, '--data', 'empty.json', '--images', 'pictures']);
    expect(unlabelled).toMatchObject({ exitCode: 1, stdout: '' });
    expect(unlabelled.stderr).toContain('code: GoldenSetUnlabelled');
  });
});

describe('evaluate --ground-truth --detections', () => {
  const run = async (groundTruth: string, detections: string) => {
    await writeFile(join(home.path, 'gt.json'), groundTruth);
    await writeFile(join(home.path, 'dt.json'), detections);
    return home.spawn(['evaluate', '--ground-truth', 'gt.json', '--detections', 'dt.json', '--json']);
  };

  it('gives the figures as fractions, and nothing else', async () => {
    const found = truth.annotations.slice(0, 2).map(({ image_id, category_id, bbox }) => ({ image_id, category_id, bbox, score: 0.5 }));
    const done = await run(JSON.stringify(truth), JSON.stringify(found));
    expect(done).toMatchObject({ exitCode: 0, stderr: '' });
    const figures = JSON.parse(done.stdout) as { map50: number; map50_95: number; stats: number[]; perClass: Record<string, unknown>[] };
    expect(Object.keys(figures)).toEqual(['images', 'map50', 'map50_95', 'stats', 'perClass', 'groundTruth', 'detections']);
    expect(figures).toMatchObject({ images: 3, groundTruth: 3, detections: 2 });
    // Of class-1 one of two is found (51 of 101 recall points), of class-0 the only one.
    expect(figures.map50).toBeCloseTo((51 / 101 + 1) / 2, 9);
    expect(figures.map50_95).toBeCloseTo(figures.map50, 9);
    expect(figures.stats).toHaveLength(12);
    for (const value of figures.stats) expect(value === -1 || (value >= 0 && value <= 1)).toBe(true);
    expect(figures.perClass.map((row) => Object.keys(row))).toEqual([
      ['name', 'ap50', 'ap'],
      ['name', 'ap50', 'ap'],
    ]);
  });

  const refused: [what: string, groundTruth: string, detections: string, code: string, words: string][] = [
    ['text that is no JSON', '{"images": [', '[]', 'CocoFileInvalid', 'gt.json'],
    ['a list as ground truth', '[]', '[]', 'CocoFileInvalid', 'gt.json'],
    ['an object as detections', '{"images":[],"categories":[],"annotations":[]}', '{}', 'CocoFileInvalid', 'dt.json'],
    [
      'a score beyond numbers',
      '{"images":[],"categories":[],"annotations":[]}',
      '[{"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":1e999}]',
      'CocoFileInvalid',
      'dt.json: [0]',
    ],
    [
      'a detection of an image that is not there',
      '{"images":[{"id":1}],"categories":[],"annotations":[]}',
      '[{"image_id":2,"category_id":1,"bbox":[0,0,1,1],"score":1}]',
      'DetectionImageUnknown',
      'image 2',
    ],
    ['lists in lists without end', `{"images":${'['.repeat(200_000)}`, '[]', 'CocoFileInvalid', 'gt.json'],
  ];
  it.each(prove ? refused : refused.slice(-2))('refuses %s', async (_, groundTruth, detections, code, words) => {
    const done = await run(groundTruth, detections);
    expect(done).toMatchObject({ exitCode: 1, stdout: '' });
    expect(done.stderr).toContain(words);
    expect(done.stderr).toMatch(new RegExp(`^✗ [^]*\\ncode: ${code}\\nNext: .+$`));
  });
});
