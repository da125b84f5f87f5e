import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataType, floatTensor, inspectModel, makeNode, serializeModel } from '@takt/onnx';
import type { ValueInfoProto } from '@takt/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOrtAdapter } from '../src/index.js';

const threads = { intraOp: 1, spin: false };

const imageOf = (name: string, channels: number): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: DataType.float, shape: { dim: [1, channels, 8, 8].map((dimValue) => ({ dimValue })) } } },
});

/** Convolution, SiLU, and an Identity that folding takes away. */
const model = serializeModel({
  irVersion: 8,
  opsetImport: [{ domain: '', version: 13 }],
  metadataProps: [],
  functions: [],
  graph: {
    name: 'small',
    node: [
      makeNode('Conv', 'conv', ['images', 'w'], ['c'], { kernel_shape: [1n, 1n] }),
      makeNode('Sigmoid', 'sigmoid', ['c'], ['s']),
      makeNode('Mul', 'mul', ['c', 's'], ['m']),
      makeNode('Identity', 'identity', ['m'], ['output0']),
    ],
    initializer: [floatTensor('w', [2, 3, 1, 1], Float32Array.of(1, -1, 0.5, 2, 0, -3))],
    input: [imageOf('images', 3)],
    output: [imageOf('output0', 2)],
    valueInfo: [],
  },
});
const image = { type: 'float32', data: new Float32Array(3 * 8 * 8).fill(0.5), dims: [1, 3, 8, 8] } as const;
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
    const path = join(folder, 'small.onnx');
    await writeFile(path, model);
    const session = await engine.load(path, threads);
    expect(session.inputs).toEqual([{ name: 'images', type: 'float32', dims: [1, 3, 8, 8] }]);
    expect(session.outputs).toEqual([{ name: 'output0', type: 'float32', dims: [1, 2, 8, 8] }]);
    const first = await session.run({ images: image });
    const second = await session.run({ images: image });
    expect(first['output0']?.dims).toEqual([1, 2, 8, 8]);
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
    const session = await engine.loadBytes(model, threads, 'small');
    await expect(session.run({ images: { ...image, dims: [1, 3, 4, 16] } })).rejects.toMatchObject({
      code: 'EngineRunFailed',
      element: 'small',
    });
    await session.release();
  });

  it('folds to standard operators and leaves no file behind', async () => {
    const leftovers = async (): Promise<string[]> => (await readdir(tmpdir())).filter((name) => name.startsWith('takt-ort-'));
    const before = await leftovers();
    const folded = inspectModel(await engine.optimize(model, 'basic', 'small'));
    expect(folded.nodesByOp).toEqual({ Conv: 1, Sigmoid: 1, Mul: 1 });
    expect((await leftovers()).filter((name) => !before.includes(name))).toEqual([]);
  });
});
