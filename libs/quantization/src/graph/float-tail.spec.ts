import { indexGraph, makeNode } from '@takt/onnx';
import type { GraphProto, NodeProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { floatFront, floatTail } from './float-tail.js';

const node = (op: string, name: string, inputs: string[]): NodeProto => makeNode(op, name, inputs, [name]);

/** x → a → sa → b → sb → (detect; c → sc → Concat(sc, sa) → d → detect2). */
const nodes = [
  node('Conv', 'a', ['x']),
  node('Relu', 'sa', ['a']),
  node('Conv', 'b', ['sa']),
  node('Relu', 'sb', ['b']),
  node('Conv', 'detect', ['sb']),
  node('Conv', 'c', ['sb']),
  node('Relu', 'sc', ['c']),
  node('Concat', 'both', ['sc', 'sa']),
  node('Conv', 'd', ['both']),
  node('Conv', 'detect2', ['d']),
];
const graph: GraphProto = {
  node: nodes,
  initializer: [],
  input: [{ name: 'x' }],
  output: [{ name: 'detect' }, { name: 'detect2' }],
  valueInfo: [],
};
const detect = new Set(nodes.filter(({ name }) => name?.startsWith('detect')));
const tailOf = (levels: number): (string | undefined)[] =>
  [...floatTail(nodes, indexGraph(graph), detect, levels)].map(({ name }) => name).sort();

describe('floatTail', () => {
  it('is empty for no level', () => {
    expect(tailOf(0)).toEqual([]);
  });

  it('takes the convolutions just before each detect convolution, and their activations', () => {
    expect(tailOf(1)).toEqual(['b', 'd', 'sb']);
  });

  it('goes back along every path, and takes a Concat once all it reads is float', () => {
    expect(tailOf(2)).toEqual(['a', 'b', 'both', 'c', 'd', 'sa', 'sb', 'sc']);
  });

  it('ends at the input', () => {
    expect(tailOf(9)).toEqual(tailOf(2));
  });
});

describe('floatFront', () => {
  const frontOf = (levels: number): (string | undefined)[] =>
    [...floatFront(nodes, indexGraph(graph), levels)].map(({ name }) => name).sort();

  it('is empty for no level', () => {
    expect(frontOf(0)).toEqual([]);
  });

  it('takes the first convolutions and their activations', () => {
    expect(frontOf(1)).toEqual(['a', 'sa']);
    expect(frontOf(2)).toEqual(['a', 'b', 'sa', 'sb']);
  });

  it('counts along the longest path', () => {
    expect(frontOf(3)).toEqual(['a', 'b', 'both', 'c', 'detect', 'sa', 'sb', 'sc']);
  });
});
