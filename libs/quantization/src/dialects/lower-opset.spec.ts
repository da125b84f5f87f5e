import { attributeOf, floatTensor, int64Tensor, makeNode, standardOpset } from '@takt/onnx';
import type { AttributeProto, Model, NodeProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { build, exampleDetector, named } from '../../test/example-detector.js';
import { lowerOpset } from './lower-opset.js';

const text = (name: string, value: string): AttributeProto => ({
  name,
  type: 3,
  s: Uint8Array.from(value, (letter) => letter.charCodeAt(0)),
  floats: [],
  ints: [],
  strings: [],
  graphs: [],
});
const constants = [int64Tensor('axes', [2], BigInt64Array.of(2n, 3n)), floatTensor('pads', [8], new Float32Array(8))];
const lower = (node: NodeProto, opset: number, newest = 17): Model => lowerOpset(build([node], constants, opset), newest, 'the runtime');
const attributes = (model: Model): (string | undefined)[] => model.graph.node[0]?.attribute.map(({ name }) => name) ?? [];

describe('lowering the opset', () => {
  it('says at 13 what a detector says at 21', () => {
    const lowered = lowerOpset({ ...exampleDetector(21), irVersion: 10 }, 15, 'the runtime');
    expect([standardOpset(lowered), lowered.irVersion]).toEqual([13, 8]);
    expect(lowered.graph.node).toEqual(exampleDetector().graph.node);
  });

  it('leaves a model at 13 alone', () => {
    const model = exampleDetector();
    expect(lowerOpset(model, 15, 'the runtime')).toBe(model);
  });

  it('makes the axes of a reduction an attribute again', () => {
    const lowered = lower(makeNode('ReduceMean', 'r', ['images', 'axes'], ['output0'], { keepdims: 1n, noop_with_empty_axes: 0n }), 18);
    const node = named(lowered, 'r');
    expect(node?.input).toEqual(['images']);
    expect(node && attributeOf(node, 'axes')?.ints).toEqual([2n, 3n]);
    expect(attributes(lowered)).toEqual(['keepdims', 'axes']);
  });

  it.each<[string, NodeProto]>([
    ['Reshape', makeNode('Reshape', 'n', ['images', 'axes'], ['output0'], { allowzero: 0n })],
    ['Split', makeNode('Split', 'n', ['images'], ['output0'], { num_outputs: 1n })],
    ['Resize', { ...makeNode('Resize', 'n', ['images', '', 'pads'], ['output0'], { antialias: 0n }) }],
    ['Pad', makeNode('Pad', 'n', ['images', 'axes', '', ''], ['output0'])],
    ['Cast', makeNode('Cast', 'n', ['images'], ['output0'], { saturate: 1n })],
    ['AveragePool', makeNode('AveragePool', 'n', ['images'], ['output0'], { dilations: [1n, 1n] })],
    [
      'Resize',
      { ...makeNode('Resize', 'n', ['images', '', 'pads'], ['output0']), attribute: [text('keep_aspect_ratio_policy', 'stretch')] },
    ],
    ['ScatterND', { ...makeNode('ScatterND', 'n', ['images', 'axes', 'images'], ['output0']), attribute: [text('reduction', 'none')] }],
    [
      'RoiAlign',
      {
        ...makeNode('RoiAlign', 'n', ['images', 'pads', 'axes'], ['output0']),
        attribute: [text('coordinate_transformation_mode', 'output_half_pixel')],
      },
    ],
  ])('drops from %s what was always so', (_, node) => {
    const lowered = lower(node, 21);
    expect(standardOpset(lowered)).toBe(13);
    expect(attributes(lowered)).toEqual([]);
  });

  it.each<[number, NodeProto]>([
    [14, makeNode('HardSwish', 'n', ['images'], ['output0'])],
    [14, makeNode('Reshape', 'n', ['images', 'axes'], ['output0'], { allowzero: 1n })],
    [15, makeNode('Shape', 'n', ['images'], ['output0'], { start: 1n })],
    [16, makeNode('RoiAlign', 'n', ['images', 'pads', 'axes'], ['output0'])],
    [16, { ...makeNode('ScatterND', 'n', ['images', 'axes', 'images'], ['output0']), attribute: [text('reduction', 'add')] }],
    [17, makeNode('LayerNormalization', 'n', ['images', 'pads'], ['output0'])],
    [18, makeNode('Resize', 'n', ['images', '', 'pads'], ['output0'], { antialias: 1n })],
    [18, makeNode('Pad', 'n', ['images', 'axes', '', 'axes'], ['output0'])],
    [18, makeNode('ReduceMax', 'n', ['images', 'images'], ['output0'])],
    [18, makeNode('Mish', 'n', ['images'], ['output0'])],
    [19, { ...makeNode('Pad', 'n', ['images', 'axes'], ['output0']), attribute: [text('mode', 'wrap')] }],
    [20, makeNode('Gelu', 'n', ['images'], ['output0'])],
  ])('stops at %d where a node needs that, and names the node', (needed, node) => {
    expect(standardOpset(lower(node, 21, 21))).toBe(needed);
    expect(() => lower(node, 21, needed - 1)).toThrowError(
      `n (${node.opType ?? ''}) needs opset ${String(needed)}; the runtime reads up to`,
    );
  });

  it('keeps a newer spelling where another node needs the newer opset', () => {
    const model = build([makeNode('ReduceMean', 'r', ['images', 'axes'], ['m']), makeNode('Mish', 'm', ['m'], ['output0'])], constants, 18);
    expect(named(lowerOpset(model, 18, 'the runtime'), 'r')?.input).toEqual(['images', 'axes']);
  });
});
