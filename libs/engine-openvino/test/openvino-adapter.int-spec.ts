import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataType, floatTensor, int64Tensor, makeNode, serializeModel } from '@takt/onnx';
import type { ModelProto, ValueInfoProto } from '@takt/onnx';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenVinoAdapter } from '../src/index.js';
import { openVinoForTests } from './openvino.js';

const threads = { intraOp: 1, spin: false };
const found = await openVinoForTests();

const value = (name: string, elemType: number, dims: readonly (number | string)[]): ValueInfoProto => ({
  name,
  type: {
    tensorType: { elemType, shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) } },
  },
});
type Graph = NonNullable<ModelProto['graph']>;
const model = (graph: Pick<Graph, 'node' | 'input' | 'output'> & Partial<Graph>): Uint8Array =>
  serializeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: [],
    functions: [],
    graph: { name: 'small', initializer: [], valueInfo: [], ...graph },
  });

/** A convolution whose result is only named as an output by an Identity, which every engine takes away. */
const small = model({
  node: [
    makeNode('Conv', 'conv', ['images', 'w'], ['c'], { kernel_shape: [1n, 1n] }),
    makeNode('Identity', 'identity', ['c'], ['output0']),
  ],
  initializer: [floatTensor('w', [2, 3, 1, 1], Float32Array.of(1, -1, 0.5, 2, 0, -3))],
  input: [value('images', DataType.float, ['batch', 3, 4, 4])],
  output: [value('output0', DataType.float, ['batch', 2, 4, 4])],
});
const image = (batch: number) => ({ type: 'float32', data: new Float32Array(batch * 48).fill(0.5), dims: [batch, 3, 4, 4] }) as const;

let folder = '';
const file = async (name: string, content: Uint8Array | string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'takt-engine-openvino-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the OpenVINO adapter without OpenVINO', () => {
  it('says where it looked and how to fetch it, and refuses to load', async () => {
    const engine = createOpenVinoAdapter({ folders: [folder] });
    expect(await engine.availability()).toEqual({ available: false, reason: expect.stringContaining(folder) as string });
    await expect(engine.load('/x.onnx', threads)).rejects.toMatchObject({ code: 'EngineUnavailable' });
  });

  it('says why a library that is none does not load', async () => {
    await writeFile(join(folder, 'libopenvino_c.so'), 'no library');
    await mkdir(join(folder, 'include/openvino/c'), { recursive: true });
    const types = 'typedef enum { DYNAMIC, BOOLEAN, F32, I8, I32, I64, U8 } ov_element_type_e;';
    await writeFile(join(folder, 'include/openvino/c/ov_common.h'), types);
    const engine = createOpenVinoAdapter({ folders: [folder] });
    expect(await engine.availability()).toEqual({ available: false, reason: expect.stringContaining('does not load') as string });
  });
});

describe.skipIf('why' in found)(`the OpenVINO adapter${'why' in found ? ` (skipped: ${found.why})` : ''}`, () => {
  const engine = createOpenVinoAdapter({ folders: 'why' in found ? [] : found.folders });

  it('is available and says its version', async () => {
    expect(await engine.availability()).toEqual({ available: true, version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string });
  });

  it('loads a file, describes it by the names of the model and gives the same output each time', async () => {
    const session = await engine.load(await file('small.onnx', small), threads);
    expect(session.inputs).toEqual([{ name: 'images', type: 'float32', dims: [-1, 3, 4, 4] }]);
    expect(session.outputs).toEqual([{ name: 'output0', type: 'float32', dims: [-1, 2, 4, 4] }]);
    const first = await session.run({ images: image(1) });
    expect(first['output0']).toEqual({
      type: 'float32',
      dims: [1, 2, 4, 4],
      data: Float32Array.from({ length: 32 }, (_, i) => (i < 16 ? 0.25 : -0.5)),
    });
    expect((await session.run({ images: image(3) }))['output0']?.dims).toEqual([3, 2, 4, 4]);
    expect(await session.run({ images: image(1) })).toEqual(first);
    await session.release();
    await session.release();
    await expect(session.run({ images: image(1) })).rejects.toMatchObject({ code: 'EngineRunFailed' });
  });

  it.each([
    ['uint8', DataType.uint8, Uint8Array.of(0, 200, 255)],
    ['int8', DataType.int8, Int8Array.of(-128, 0, 127)],
    ['int32', DataType.int32, Int32Array.of(-5, 0, 70_000)],
    ['int64', DataType.int64, BigInt64Array.of(-5n, 0n, 70_000n)],
  ] as const)('takes and gives %s', async (type, elemType, data) => {
    const path = await file(
      `${type}.onnx`,
      model({
        node: [makeNode('Reshape', 'r', ['a', 'shape'], ['b'])],
        input: [value('a', elemType, [3])],
        output: [value('b', elemType, [1, 3])],
        initializer: [int64Tensor('shape', [2], BigInt64Array.of(1n, 3n))],
      }),
    );
    const session = await engine.load(path, threads);
    const { b } = await session.run({ a: { type, data, dims: [3] } as never });
    expect(b).toEqual({ type, data, dims: [1, 3] });
    await session.release();
  });

  it('refuses a file that is no model, with the library’s own words', async () => {
    const load = engine.load(await file('broken.onnx', 'no model'), threads);
    await expect(load).rejects.toMatchObject({ code: 'EngineLoadFailed', element: 'broken.onnx' });
    await expect(load).rejects.not.toThrow(/Exception from/);
    await expect(engine.load(join(folder, 'absent.onnx'), threads)).rejects.toMatchObject({ code: 'EngineLoadFailed' });
  });

  it('refuses an input of another shape, type or name, and runs on', async () => {
    const session = await engine.load(await file('small.onnx', small), threads);
    const before = await session.run({ images: image(1) });
    const refused = { code: 'EngineRunFailed', element: 'small.onnx' };
    await expect(session.run({ images: { ...image(1), dims: [1, 4, 3, 4] } })).rejects.toMatchObject(refused);
    await expect(session.run({ images: { ...image(1), dims: [2, 3, 4, 4] } })).rejects.toMatchObject(refused);
    await expect(session.run({ images: { type: 'uint8', data: new Uint8Array(48), dims: [1, 3, 4, 4] } })).rejects.toMatchObject(refused);
    await expect(session.run({})).rejects.toMatchObject(refused);
    await expect(session.run({ images: image(1), more: image(1) })).rejects.toMatchObject(refused);
    expect(await session.run({ images: image(1) })).toEqual(before);
    await session.release();
  });

  it('keeps no memory of a thousand runs, nor of sessions that were released', async () => {
    const side = 64;
    const bytes = 3 * side * side * 4;
    const wide = model({
      node: [makeNode('Relu', 'r', ['images'], ['output0'])],
      input: [value('images', DataType.float, [1, 3, side, side])],
      output: [value('output0', DataType.float, [1, 3, side, side])],
    });
    const path = await file('wide.onnx', wide);
    const images = { type: 'float32', data: new Float32Array(bytes / 4).fill(1), dims: [1, 3, side, side] } as const;
    const session = await engine.load(path, threads);
    const runs = async (count: number): Promise<number> => {
      for (let run = 0; run < count; run += 1) await session.run({ images });
      for (let load = 0; load < count / 50; load += 1) await (await engine.load(path, threads)).release();
      return process.memoryUsage.rss();
    };
    await runs(500);
    const before = await runs(500);
    const after = await runs(1000);
    await session.release();
    // One forgotten input or output a run would be 49 MB.
    expect(after - before).toBeLessThan((1000 * bytes) / 2);
  });
});
