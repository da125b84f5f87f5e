import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkModel, inspectModel, parseModel, serializeModel } from '../src/index.js';

const reference = process.env['TAKT_REFERENCE_DIR'];
const files = ['data/neu-yolov5n/model.onnx', 'data/models/yolox_nano.onnx'];

describe('models of real exporters', () => {
  it.skipIf(!reference).each(files)('come back byte for byte: %s (needs TAKT_REFERENCE_DIR)', async (file) => {
    const bytes = await readFile(join(reference ?? '', file));
    expect(Buffer.compare(bytes, serializeModel(parseModel(bytes)))).toBe(0);
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
