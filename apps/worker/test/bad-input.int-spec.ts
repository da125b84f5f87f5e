import { sampleGoldenPath, sampleModelPath } from '@takt/sample-model';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, removeFolder, runArguments, runWorker, scratchFolder, smallGolden } from './worker-process.js';
import type { WorkerRun } from './worker-process.js';

let folder: string;
beforeEach(async () => {
  folder = await scratchFolder();
});
afterEach(() => removeFolder(folder));

/** Exactly one error message, the last one, with a code, a sentence and a next step; exit code 1. */
function expectError(run: WorkerRun, code: string | RegExp, named: string): void {
  expect(run.exitCode).toBe(1);
  const ends = run.messages.filter((message) => message.type !== 'progress');
  expect(ends).toHaveLength(1);
  const [end] = ends;
  if (end?.type !== 'error') throw new Error(`no error but ${JSON.stringify(end)}`);
  expect(end.error.code).toMatch(code);
  expect(end.error.message).toContain(named);
  expect(end.error.action).not.toBe('');
  expect(run.stderr).not.toContain('    at ');
}

/** The same failure without a process of its own: what the process makes of any is shown above. */
async function expectFailure(job: unknown, code: string | RegExp, named: string): Promise<void> {
  const error = await failureOf(job);
  expect(error.code).toMatch(code);
  expect(error.message).toContain(named);
  expect(error.action).not.toBe('');
}

const evaluate = (model: string, data: string): unknown => ({ kind: 'evaluate', of: 'model', model, data, threads: 1 });

describe('bad input', () => {
  it('no job file, no job, not JSON, another shape', async () => {
    expectError(await runArguments([]), 'UsageInvalid', '');
    expectError(await runArguments(['run']), 'UsageInvalid', 'no job file');
    expectError(await runArguments(['run', '--job', join(folder, 'missing.json')]), 'JobFileUnreadable', 'missing.json');
    expectError(await runWorker(folder, '{"kind":'), 'JobFileUnreadable', 'job.json');
    expectError(await runWorker(folder, { kind: 'evaluate', of: 'model' }), 'JobInvalid', 'evaluate');
  });

  it('a truncated model, a file that is no model, no file', async () => {
    const bytes = await readFile(sampleModelPath());
    const truncated = join(folder, 'truncated.onnx');
    await writeFile(truncated, bytes.subarray(0, bytes.length / 2));
    const text = join(folder, 'text.onnx');
    await writeFile(text, 'this is no model\n'.repeat(100));
    await expectFailure(evaluate(truncated, sampleGoldenPath()), /Onnx/, '');
    await expectFailure(evaluate(text, sampleGoldenPath()), /Onnx/, '');
    await expectFailure(evaluate(join(folder, 'none.onnx'), sampleGoldenPath()), 'ModelUnreadable', 'none.onnx');
    const outDir = join(folder, 'out');
    const build = {
      kind: 'build',
      model: truncated,
      statistics: null,
      calibration: null,
      golden: sampleGoldenPath(),
      recipes: ['fp32'],
      threads: [1],
      accuracyBudgetPoints: 1,
      buildCheckWaived: false,
      frames: 1,
      outDir,
    };
    expectError(await runWorker(folder, build), /Onnx/, '');
    expect(await readdir(outDir).catch(() => [])).toEqual([]);
  });

  it('a model of more than 2 GiB, by its size', async () => {
    const huge = join(folder, 'huge.onnx');
    await writeFile(huge, '');
    await truncate(huge, 2 ** 31);
    expectError(await runWorker(folder, evaluate(huge, sampleGoldenPath())), 'OnnxTooLarge', 'huge.onnx has 2147483648 bytes');
  });

  it('a FIFO or a device in place of a model, a data set, labels or an image', async () => {
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    await expectFailure(evaluate(fifo, sampleGoldenPath()), 'ModelUnreadable', 'a FIFO');
    await expectFailure(evaluate('/dev/zero', sampleGoldenPath()), 'ModelUnreadable', 'a device');
    await expectFailure(evaluate(sampleModelPath(), fifo), 'DatasetUnreadable', 'a FIFO');
    const golden = await smallGolden(folder, 1);
    const replace = async (kind: string, by: string): Promise<string> => {
      const [name] = readdirSync(join(folder, 'golden', kind));
      const path = join(folder, 'golden', kind, name as string);
      await rm(path);
      await symlink(by, path);
      return path;
    };
    const image = await replace('images', '/dev/zero');
    expectError(await runWorker(folder, evaluate(sampleModelPath(), golden)), 'ImageUnreadable', image);
    const labels = await replace('labels', fifo);
    await expectFailure(evaluate(sampleModelPath(), golden), 'LabelFileInvalid', labels);
  });

  it('a missing data.yaml, one without names, another number of classes', async () => {
    await expectFailure(evaluate(sampleModelPath(), join(folder, 'data.yaml')), 'DatasetUnreadable', 'data.yaml');
    const data = join(folder, 'data.yaml');
    await writeFile(data, 'val: images\n');
    await expectFailure(evaluate(sampleModelPath(), data), 'DatasetFileInvalid', 'names');
    await writeFile(data, 'val: [images\n');
    await expectFailure(evaluate(sampleModelPath(), data), 'DatasetUnreadable', 'YAML');
    const golden = await smallGolden(folder, 2);
    await writeFile(golden, 'path: .\nval: images\nnames: [one, two]\n');
    await writeFile(join(folder, 'golden/labels', readdirSync(join(folder, 'golden/labels'))[0] as string), '');
    await writeFile(join(folder, 'golden/labels', readdirSync(join(folder, 'golden/labels'))[1] as string), '');
    await expectFailure(evaluate(sampleModelPath(), golden), 'ClassesDiffer', '2 classes');
  });

  it('labels out of range, an empty folder, a missing folder, an unreadable image', async () => {
    const golden = await smallGolden(folder, 2);
    const labels = join(folder, 'golden/labels');
    const [name] = readdirSync(labels).sort();
    const good = readFileSync(join(labels, name as string));
    await writeFile(join(labels, name as string), '99 0.5 0.5 0.1 0.1\n');
    await expectFailure(evaluate(sampleModelPath(), golden), 'LabelFileInvalid', 'class 99');
    await writeFile(join(labels, name as string), good);
    const images = join(folder, 'golden/images');
    const [image] = readdirSync(images).sort();
    const whole = readFileSync(join(images, image as string));
    await writeFile(join(images, image as string), whole.subarray(0, whole.length / 2));
    expectError(await runWorker(folder, evaluate(sampleModelPath(), golden)), 'ImageUnreadable', image as string);
    await mkdir(join(folder, 'empty'));
    const calibrate = (calibration: string): unknown => ({
      kind: 'calibrate',
      model: sampleModelPath(),
      calibration,
      sample: 4,
      seed: 0,
      out: join(folder, 'statistics.json'),
    });
    await expectFailure(calibrate(join(folder, 'empty')), 'ImageFolderEmpty', 'empty');
    await expectFailure(calibrate(join(folder, 'missing')), 'ImageFolderUnreadable', 'missing');
    expect(readdirSync(folder)).not.toContain('statistics.json');
  });
});
