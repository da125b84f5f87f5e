import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkModel, inspectModel, parseModel, serializeModel } from '../src/index.js';

const reference = process.env['TAKT_REFERENCE_DIR'];
const files = ['data/neu-yolov5n/model.onnx', 'data/models/yolox_nano.onnx'];
const shipped = fileURLToPath(new URL('../../sample-model/assets', import.meta.url));

/** All models in a folder and those below it. */
const modelsBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.onnx'))
    .map((path) => join(folder, path));

const unchanged = async (path: string): Promise<boolean> => {
  const bytes = await readFile(path);
  return Buffer.compare(bytes, serializeModel(parseModel(bytes))) === 0;
};

describe('models of real exporters', () => {
  it.each(modelsBelow(shipped).map((path) => [basename(path), path]))('come back byte for byte: %s', async (_, path) => {
    expect(await unchanged(path)).toBe(true);
  });

  it.skipIf(!reference)('come back byte for byte: all in TAKT_REFERENCE_DIR (needs it)', async () => {
    const paths = modelsBelow(reference ?? '');
    expect(paths.length).toBeGreaterThanOrEqual(files.length);
    for (const path of paths) expect(await unchanged(path), path).toBe(true);
  });

  it.skipIf(!reference).each(files)('survive being written field by field: %s (needs TAKT_REFERENCE_DIR)', async (file) => {
    const model = parseModel(await readFile(join(reference ?? '', file)));
    const { graph } = model;
    const rebuilt = serializeModel({
      ...model,
      graph: { ...graph, node: graph.node.map((node) => ({ ...node })), initializer: graph.initializer.map((tensor) => ({ ...tensor })) },
    });
    const again = parseModel(rebuilt);
    expect(again.graph.node).toEqual(graph.node);
    expect(again.graph.initializer.map(({ rawData }) => rawData?.length)).toEqual(graph.initializer.map(({ rawData }) => rawData?.length));
    expect(checkModel(again).producers.size).toBeGreaterThan(200);
  });

  it.skipIf(!reference)('are recognized (needs TAKT_REFERENCE_DIR)', async () => {
    const read = (file: string): Promise<Buffer> => readFile(join(reference ?? '', file));
    expect(inspectModel(await read('data/neu-yolov5n/model.onnx'))).toMatchObject({
      opset: 13,
      stride: 32,
      detector: { family: 'yolov5', imageSize: { width: 256, height: 256 }, classes: 6, predictions: 4032 },
    });
    expect(inspectModel(await read('data/models/yolox_nano.onnx'))).toMatchObject({
      opset: 11,
      detector: { family: 'yolox', imageSize: { width: 416, height: 416 }, classes: 80, predictions: 3549 },
    });
  });
});
