import type { ModelInspection, ValueSpec } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { recognizeRawHeads } from './raw-heads.js';

const output = (name: string, dims: readonly number[], type = 'float32'): ValueSpec => ({ name, type, dims });
const cells = (columns: number, anchors = 3): ValueSpec[] =>
  [8, 16, 32].map((stride) => output(`s${String(stride)}`, [1, anchors, 64 / stride, 96 / stride, columns]));
const planes = (channels: number): ValueSpec[] =>
  [8, 16, 32].map((stride) => output(`s${String(stride)}`, [1, channels, 64 / stride, 96 / stride]));
const inspect = (outputs: readonly ValueSpec[], names: readonly string[] = [], metadata: Record<string, string> = {}): ModelInspection =>
  ({ inputs: [output('images', [1, 3, 64, 96])], outputs, names, metadata }) as unknown as ModelInspection;

describe('raw heads', () => {
  it('are three or four scales of anchors, in whatever order', () => {
    const heads = recognizeRawHeads(inspect(cells(7).toReversed()));
    expect(heads).toMatchObject({ classes: 2, anchorsFrom: 'family' });
    expect(heads?.scales.map(({ output: name, stride, height, width }) => [name, stride, height, width])).toEqual([
      ['s8', 8, 8, 12],
      ['s16', 16, 4, 6],
      ['s32', 32, 2, 3],
    ]);
    expect(heads?.scales[0]?.anchors).toEqual([
      [10, 13],
      [16, 30],
      [33, 23],
    ]);
  });

  it('take anchors from the metadata, as many as there are', () => {
    const anchors = JSON.stringify([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10, 11, 12],
    ]);
    const heads = recognizeRawHeads(inspect(cells(6, 2), ['a'], { anchors }));
    expect(heads?.anchorsFrom).toBe('metadata');
    expect(heads?.scales[2]?.anchors).toEqual([
      [9, 10],
      [11, 12],
    ]);
  });

  it('are planes only where the class names agree with their channels', () => {
    expect(recognizeRawHeads(inspect(planes(21), ['a', 'b']))?.scales[0]?.layout).toBe('planes');
    expect(recognizeRawHeads(inspect(planes(21)))).toBeUndefined();
    expect(recognizeRawHeads(inspect(planes(144), Array.from({ length: 80 }, String)))).toBeUndefined();
  });

  it.each<[string, ModelInspection]>([
    ['two scales', inspect(cells(7).slice(1))],
    ['another stride', inspect([...cells(7).slice(0, 2), output('s', [1, 3, 1, 1, 7])])],
    ['columns that differ', inspect([...cells(7).slice(0, 2), output('s', [1, 3, 2, 3, 8])])],
    ['other classes than are named', inspect(cells(7), ['a'])],
    ['integers', inspect(cells(7).map((each) => ({ ...each, type: 'uint8' })))],
    ['an open size', inspect(cells(7).map((each) => ({ ...each, dims: [1, 3, 'h', 'w', 7] })))],
    ['a description of takt', inspect(cells(7), [], { 'takt.detector': '{}' })],
    ['no room for a class', inspect(cells(5))],
  ])('are not %s', (_, inspection) => {
    expect(recognizeRawHeads(inspection)).toBeUndefined();
  });

  it.each(['{', '[1,2', '"x"', '[]', '[[1,2],[3]]', '[[-1,2],[1,2],[1,2]]', `[${'1,'.repeat(9000)}1]`])(
    'do not take %.20s for anchors',
    (anchors) => {
      expect(recognizeRawHeads(inspect(cells(7), [], { anchors }))?.anchorsFrom).toBe('family');
    },
  );
});
