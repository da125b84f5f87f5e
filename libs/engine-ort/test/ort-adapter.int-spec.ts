import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrtAdapter } from '@takt/engine-ort';
import { inspectModel } from '@takt/onnx';
import { tinyDetector } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const threads = { intraOp: 1, spin: false };
const model = tinyDetector();
const image = { type: 'float32', data: new Float32Array(3 * 64 * 64).fill(0.5), dims: [1, 3, 64, 64] } as const;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-engine-ort-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the ONNX Runtime adapter', () => {
  const engine = createOrtAdapter();

  it('is available and says its version', async () => {
    expect(await engine.availability()).toEqual({ available: true, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string });
  });

  it('loads a file, describes it and gives the same output each time', async () => {
    const path = join(folder, 'tiny.onnx');
    await writeFile(path, model);
    const session = await engine.load(path, threads);
    expect(session.inputs).toEqual([{ name: 'images', type: 'float32', dims: [1, 3, 64, 64] }]);
    expect(session.outputs).toEqual([{ name: 'output0', type: 'float32', dims: [1, 252, 7] }]);
    const first = await session.run({ images: image });
    const second = await session.run({ images: image });
    expect(first['output0']?.dims).toEqual([1, 252, 7]);
    expect(second['output0']?.data).toEqual(first['output0']?.data);
    await session.release();
    await session.release();
    await expect(session.run({ images: image })).rejects.toMatchObject({ code: 'EngineRunFailed' });
  });

  it('refuses a file that is no model, and an input of another shape, with a code', async () => {
    const path = join(folder, 'broken.onnx');
    await writeFile(path, 'no model');
    await expect(engine.load(path, threads)).rejects.toMatchObject({ code: 'EngineLoadFailed', element: 'broken.onnx' });
    await expect(engine.load(join(folder, 'absent.onnx'), threads)).rejects.toMatchObject({ code: 'EngineLoadFailed' });
    const session = await engine.loadBytes(model, threads, 'tiny');
    await expect(session.run({ images: { ...image, dims: [1, 3, 32, 128] } })).rejects.toMatchObject({
      code: 'EngineRunFailed',
      element: 'tiny',
    });
    await session.release();
  });

  it('folds to standard operators and leaves no file behind', async () => {
    const leftovers = async (): Promise<string[]> => (await readdir(tmpdir())).filter((name) => name.startsWith('takt-ort-'));
    const before = await leftovers();
    const folded = inspectModel(await engine.optimize(model, 'basic', 'tiny'));
    expect(folded.nodesByOp).toMatchObject({ Conv: 11, Sigmoid: 11, Mul: 8 });
    expect((await leftovers()).filter((name) => !before.includes(name))).toEqual([]);
  });
});
