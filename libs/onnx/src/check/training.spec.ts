import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import type { ModelProto, NodeProto, TensorProto } from '../proto/messages.js';
import { DataType } from '../proto/messages.js';
import { parseModel, serializeModel } from '../proto/model-file.js';
import { makeNode } from '../proto/node.js';
import { floatTensor, uint8Tensor } from '../proto/tensor.js';
import { checkModel } from './check-model.js';

const bool = (name: string, value: number): TensorProto => ({ ...uint8Tensor(name, [], Uint8Array.of(value)), dataType: DataType.bool });

const modelOf = (node: NodeProto, changes: Partial<ModelProto> = {}): Uint8Array =>
  serializeModel({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 15 }],
    metadataProps: [],
    functions: [],
    graph: {
      node: [node],
      initializer: [
        ...['scale', 'bias', 'mean', 'var'].map((name) => floatTensor(name, [1], Float32Array.of(1))),
        floatTensor('ratio', [], Float32Array.of(0.5)),
        bool('yes', 1),
        bool('no', 0),
      ],
      input: [{ name: 'x', type: { tensorType: { elemType: DataType.float } } }],
      output: [{ name: 'y' }],
      valueInfo: [],
    },
    ...changes,
  });

const check = (bytes: Uint8Array): void => void checkModel(parseModel(bytes));
const normalization = (outputs: readonly string[], mode: bigint): NodeProto =>
  makeNode('BatchNormalization', 'bn', ['x', 'scale', 'bias', 'mean', 'var'], outputs, { training_mode: mode });

describe('training graphs', () => {
  it.each([
    [
      'a training domain',
      { ...makeNode('Gradient', 'g', ['x'], ['y']), domain: 'ai.onnx.preview.training' },
      'g belongs to training (Gradient)',
    ],
    [
      'an optimizer of another domain',
      { ...makeNode('AdamOptimizer', 'step', ['x'], ['y']), domain: 'com.microsoft' },
      'step belongs to training',
    ],
    ['a gradient', makeNode('ConvGrad', 'back', ['x'], ['y']), 'back belongs to training (ConvGrad)'],
    ['a loss', makeNode('SoftmaxCrossEntropyLoss', 'loss', ['x', 'mean'], ['y']), 'loss belongs to training'],
    ['batch normalization in training mode', normalization(['y'], 1n), 'bn is batch normalization in training mode'],
    ['batch normalization that gives statistics', normalization(['y', 'm', 'v'], 0n), 'it gives the statistics of the batch'],
    ['dropout that drops', makeNode('Dropout', 'drop', ['x', 'ratio', 'yes'], ['y']), 'drop is dropout in training mode'],
  ])('refuses %s', (_, node, message) => {
    expect(() => {
      check(modelOf(node));
    }).toThrowError(expect.objectContaining({ code: 'OnnxTrainingGraph', message: expect.stringContaining(message) as string }) as Error);
  });

  it('refuses a model with training_info', () => {
    const unknown = [new BinaryWriter().tag(20, WireType.LengthDelimited).bytes(new Uint8Array()).finish()];
    expect(() => {
      check(modelOf(makeNode('Relu', 'r', ['x'], ['y']), { unknown }));
    }).toThrowError(/training_info/);
  });

  it('accepts the same operators as they are in inference', () => {
    check(modelOf(normalization(['y'], 0n)));
    check(modelOf(normalization(['y', '', ''], 0n)));
    check(modelOf(makeNode('Dropout', 'drop', ['x', 'ratio', 'no'], ['y'])));
    check(modelOf(makeNode('Dropout', 'drop', ['x'], ['y', 'mask'])));
  });
});
