import { sampleGoldenPath, sampleModelPath } from '@takt/sample-model';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeFolder, resultOf, runWorker, scratchFolder } from './worker-process.js';

const reference = process.env['TAKT_REFERENCE_DIR'];

let folder: string;
beforeEach(async () => {
  folder = await scratchFolder();
});
afterEach(() => removeFolder(folder));

describe('evaluate', () => {
  it('measures the sample detector on its golden set', async () => {
    const run = await runWorker(folder, { kind: 'evaluate', of: 'model', model: sampleModelPath(), data: sampleGoldenPath(), threads: 2 });
    expect(run.exitCode).toBe(0);
    const result = resultOf(run);
    expect(result).toMatchObject({ kind: 'evaluate', images: 64 });
    if (result.kind !== 'evaluate') return;
    expect(result.map50).toBeGreaterThan(0.8);
    expect(result.map50).toBeLessThanOrEqual(1);
    expect(result.map50_95).toBeLessThan(result.map50);
    expect(result.stats[1]).toBe(result.map50);
    expect(result.perClass.length).toBeGreaterThanOrEqual(5);
    const progress = run.messages.filter((message) => message.type === 'progress');
    expect(progress.at(-1)).toMatchObject({ phase: 'evaluate', done: 64, total: 64 });
  });

  it('measures detections against a ground truth', async () => {
    const groundTruth = join(folder, 'gt.json');
    const detections = join(folder, 'dt.json');
    await writeFile(
      groundTruth,
      JSON.stringify({
        images: [{ id: 1 }],
        categories: [{ id: 1, name: 'pit' }],
        annotations: [{ image_id: 1, category_id: 1, bbox: [0, 0, 10, 10] }],
      }),
    );
    await writeFile(detections, JSON.stringify([{ image_id: 1, category_id: 1, bbox: [0, 0, 10, 8], score: 0.5 }]));
    const result = resultOf(await runWorker(folder, { kind: 'evaluate', of: 'detections', groundTruth, detections }));
    expect(result).toMatchObject({ kind: 'evaluate', images: 1, groundTruth: 1, detections: 1, perClass: [{ name: 'pit' }] });
    if (result.kind === 'evaluate') expect(result.map50_95).toBeCloseTo(0.7, 9);
  });

  it.skipIf(reference === undefined)('gives the figures of another detector within 0.003 (needs TAKT_REFERENCE_DIR)', async () => {
    const data = join(reference as string, 'data/neu-yolov5n');
    const figures = JSON.parse(readFileSync(join(data, 'figures.json'), 'utf8')) as {
      golden150: { fp32: { map50: number; map50_95: number } };
    };
    const job = { kind: 'evaluate', of: 'model', model: join(data, 'model.onnx'), data: join(data, 'golden/data.yaml'), threads: 2 };
    const result = resultOf(await runWorker(folder, job));
    if (result.kind !== 'evaluate') throw new Error(result.kind);
    expect(result.images).toBe(150);
    expect(Math.abs(result.map50 - figures.golden150.fp32.map50)).toBeLessThan(0.003);
    expect(Math.abs(result.map50_95 - figures.golden150.fp32.map50_95)).toBeLessThan(0.003);
  });
});
