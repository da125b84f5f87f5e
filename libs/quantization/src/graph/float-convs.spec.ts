import { indexGraph, makeNode } from '@takt/onnx';
import type { NodeProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { build } from '../../test/example-detector.js';
import { frontConvs, layerNames, withFollowers } from './float-convs.js';

const node = (op: string, name: string, inputs: string[]): NodeProto => makeNode(op, `node of ${name}`, inputs, [name]);

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
const model = build(nodes, []);

describe('frontConvs', () => {
  it('is empty for no level', () => {
    expect(frontConvs(model, 0)).toEqual([]);
  });

  it('takes the first convolutions', () => {
    expect(frontConvs(model, 1)).toEqual(['a']);
    expect(frontConvs(model, 2)).toEqual(['a', 'b']);
  });

  it('counts along the longest path', () => {
    expect(frontConvs(model, 3)).toEqual(['a', 'b', 'detect', 'c']);
  });
});

describe('withFollowers', () => {
  const floatOf = (...convs: string[]): string[] =>
    [
      ...withFollowers(
        model.graph.node.filter(({ output }) => convs.includes(output[0] ?? '')),
        model.graph.node,
        indexGraph(model.graph),
      ),
    ].map(({ output }) => output[0] ?? '');

  it('takes what reads nothing but the convolutions', () => {
    expect(floatOf()).toEqual([]);
    expect(floatOf('a')).toEqual(['a', 'sa']);
  });

  it('takes a Concat once all it reads is float', () => {
    expect(floatOf('c')).not.toContain('both');
    expect(floatOf('a', 'c')).toContain('both');
  });
});

describe('layerNames', () => {
  it('names the nodes that make values', () => {
    expect(layerNames(model, ['b', 'x'])).toEqual(['node of b', 'x']);
  });
});
