import { floatTensor, makeNode } from '@takt/onnx';
import type { Model, NodeProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { cutAt } from './cut.js';
import { deriveValues } from './derived-values.js';
import { findDetectConvs, findRegion } from './region.js';

const weights = (name: string): ReturnType<typeof floatTensor> => floatTensor(name, [1, 1, 1, 1], Float32Array.of(1));
const model = (node: NodeProto[], outputs: string[]): Model =>
  ({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    metadataProps: [],
    functions: [],
    trainingInfo: [],
    graph: {
      node,
      initializer: ['w1', 'w2', 'w3', 'unread'].map(weights),
      input: [{ name: 'x', type: { tensorType: { elemType: 1 } } }],
      output: outputs.map((name) => ({ name, type: { tensorType: { elemType: 1 } } })),
      valueInfo: [],
      quantizationAnnotation: [],
      sparseInitializer: [],
    },
  }) as unknown as Model;

const conv = (input: string, weight: string, output: string): NodeProto => makeNode('Conv', output, [input, weight], [output]);

describe('a cut', () => {
  const whole = model(
    [
      conv('x', 'w1', 'a'),
      conv('a', 'w2', 'b'),
      conv('a', 'w3', 'c'),
      makeNode('Sigmoid', 's', ['b'], ['s']),
      makeNode('Concat', 'o', ['s', 'c'], ['out'], { axis: 1n }),
    ],
    ['out'],
  );

  it('keeps what its values are made of, and nothing else', () => {
    const { graph } = cutAt(whole, ['b']);
    expect(graph.node.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(graph.initializer.map(({ name }) => name)).toEqual(['w1', 'w2']);
    expect(graph.output.map(({ name }) => name)).toEqual(['b']);
    expect(graph.input.map(({ name }) => name)).toEqual(['x']);
  });

  it('is found before the arithmetic of a decode, a convolution over a softmax included', () => {
    const dfl = model(
      [
        conv('x', 'w1', 'a'),
        conv('a', 'w2', 'b'),
        makeNode('Transpose', 't', ['b'], ['t']),
        makeNode('Softmax', 's', ['t'], ['s']),
        conv('s', 'w3', 'd'),
      ],
      ['d'],
    );
    expect(findDetectConvs(whole).map(({ name }) => name)).toEqual(['b', 'c']);
    expect(findDetectConvs(dfl).map(({ name }) => name)).toEqual(['b']);
    expect(findRegion(dfl).nodes.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});

describe('values that follow from others', () => {
  it('are SiLUs, their sigmoids, concatenations and what only moves', () => {
    const net = model(
      [
        conv('x', 'w1', 'a'),
        makeNode('Sigmoid', 's', ['a'], ['s']),
        makeNode('Mul', 'm', ['a', 's'], ['m']),
        makeNode('MaxPool', 'p', ['m'], ['p']),
        makeNode('Concat', 'c', ['m', 'p'], ['c'], { axis: 1n }),
        makeNode('Add', 'd', ['m', 'p'], ['d']),
        makeNode('Concat', 'e', ['c', 'd'], ['e'], { axis: 1n }),
        conv('e', 'w2', 'out'),
      ],
      ['out'],
    );
    const region = findRegion(net);
    expect([...deriveValues(region)]).toEqual([
      ['s', { kind: 'sigmoid', of: 'a' }],
      ['m', { kind: 'silu', of: 'a' }],
      ['p', { kind: 'copy', of: ['m'] }],
      ['c', { kind: 'copy', of: ['m', 'p'] }],
      ['e', { kind: 'copy', of: ['c', 'd'] }],
    ]);
  });
});
