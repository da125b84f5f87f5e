import { TaktError } from '@takt/kernel';
import { describe, expect, it } from 'vitest';
import type { ModelProto, NodeProto, TensorProto } from '../proto/messages.js';
import { DataType } from '../proto/messages.js';
import { parseModel, serializeModel } from '../proto/model-file.js';
import { makeNode } from '../proto/node.js';
import { floatTensor } from '../proto/tensor.js';
import { checkModel } from './check-model.js';

const modelOf = (nodes: readonly NodeProto[], changes: Partial<ModelProto> = {}, initializer: readonly TensorProto[] = []): ModelProto => ({
  irVersion: 8,
  opsetImport: [{ domain: '', version: 13 }],
  metadataProps: [],
  functions: [],
  graph: {
    node: nodes,
    initializer,
    input: [{ name: 'x', type: { tensorType: { elemType: DataType.float } } }],
    output: [{ name: 'y' }],
    valueInfo: [],
  },
  ...changes,
});

const relu = makeNode('Relu', 'relu', ['x'], ['y']);

const withInput = (model: ModelProto, dims: readonly number[]): ModelProto => ({
  ...model,
  graph: {
    ...(model.graph as NonNullable<ModelProto['graph']>),
    input: [{ name: 'x', type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } } }],
  },
});

const refusal = (model: ModelProto): TaktError => {
  try {
    checkModel(parseModel(serializeModel(model)));
  } catch (thrown) {
    if (thrown instanceof TaktError) return thrown;
    throw thrown;
  }
  throw new Error('was not refused');
};

describe('checkModel', () => {
  it('accepts a plain model and indexes it', () => {
    const index = checkModel(parseModel(serializeModel(modelOf([relu]))));
    expect(index.producers.get('y')?.opType).toBe('Relu');
    expect(index.usesOf('x').map(({ index: at }) => at)).toEqual([0]);
    expect([...index.inputs]).toEqual(['x']);
  });

  it("accepts ONNX Runtime's integer operators only where that engine runs the model, and no other of its own", () => {
    const integers = modelOf([{ ...relu, opType: 'QLinearSigmoid', domain: 'com.microsoft' }]);
    expect(refusal(integers).code).toBe('OnnxForeignDomain');
    expect(checkModel(parseModel(serializeModel(integers)), 'onnxruntime').producers.get('y')?.opType).toBe('QLinearSigmoid');
    const attention = modelOf([{ ...relu, opType: 'Attention', domain: 'com.microsoft' }]);
    expect(() => checkModel(parseModel(serializeModel(attention)), 'onnxruntime')).toThrow(/operator Attention of domain/);
  });

  it.each([
    [
      'an opset that is too old',
      modelOf([relu], { opsetImport: [{ version: 10 }] }),
      'OnnxOpsetUnsupported',
      'the model uses opset 10; takt reads 11 to 21',
    ],
    [
      'an opset that is too new',
      modelOf([relu], { opsetImport: [{ version: 22 }] }),
      'OnnxOpsetUnsupported',
      'the model uses opset 22; takt reads 11 to 21',
    ],
    ['no opset', modelOf([relu], { opsetImport: [] }), 'OnnxOpsetUnsupported', 'the model names no version of the standard operators'],
    [
      'an unknown operator',
      modelOf([{ ...relu, opType: 'Frobnicate' }]),
      'OnnxUnknownOperator',
      'relu uses the unknown operator "Frobnicate"',
    ],
    [
      'a foreign domain',
      modelOf([{ ...relu, domain: 'com.microsoft' }]),
      'OnnxForeignDomain',
      'relu uses operator Relu of domain "com.microsoft"',
    ],
    [
      'its own functions',
      modelOf([relu], { functions: [new Uint8Array()] }),
      'OnnxForeignDomain',
      'the model defines operators of its own (functions)',
    ],
    ['a loop', modelOf([{ ...relu, opType: 'Loop' }]), 'OnnxControlFlow', 'relu is control flow (Loop)'],
    [
      'a subgraph in any operator',
      modelOf([{ ...relu, attribute: [{ name: 'body', g: new Uint8Array(), floats: [], ints: [], strings: [], graphs: [] }] }]),
      'OnnxControlFlow',
      'relu is control flow (Relu)',
    ],
    [
      'a value that nothing makes',
      modelOf([makeNode('Add', 'add', ['x', 'z'], ['y'])]),
      'OnnxMissingValue',
      'add reads "z", which nothing makes',
    ],
    ['an output that nothing makes', modelOf([{ ...relu, output: ['other'] }]), 'OnnxMissingValue', 'output "y" is made by nothing'],
    [
      'a value that is made twice',
      modelOf([relu, makeNode('Abs', 'abs', ['x'], ['y'])]),
      'OnnxDuplicateValue',
      'value "y" is made twice, the second time by abs',
    ],
    [
      'a cycle',
      modelOf([makeNode('Add', 'a', ['x', 'q'], ['p']), makeNode('Neg', 'b', ['p'], ['q']), makeNode('Abs', 'c', ['q'], ['y'])]),
      'OnnxCycle',
      /depends on its own output/,
    ],
    [
      'nodes out of order',
      modelOf([makeNode('Abs', 'late', ['p'], ['y']), makeNode('Neg', 'early', ['x'], ['p'])]),
      'OnnxNodeOrder',
      'late stands before a node whose output it reads',
    ],
    [
      'weights in another file',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), dataLocation: 1 }]),
      'OnnxExternalData',
      'the values of "w" lie in another file',
    ],
    [
      'a shape that promises more than there is',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), dims: [2 ** 20, 2 ** 20] }]),
      'OnnxMalformed',
      '"w" holds 1 values where its shape [1048576×1048576] needs 1099511627776',
    ],
    [
      'a negative dimension',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), dims: [-1] }]),
      'OnnxMalformed',
      '"w" has a negative dimension',
    ],
    [
      'a shape whose zero hides how large it is',
      modelOf([relu], {}, [{ ...floatTensor('w', [0], new Float32Array(0)), dims: [2 ** 40, 0] }]),
      'OnnxMalformed',
      '"w" has the impossible shape',
    ],
    [
      'raw bytes that end within a value',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), rawData: new Uint8Array(7) }]),
      'OnnxMalformed',
      '"w" holds 1.75 values',
    ],
    [
      'values in two places',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), floatData: [1] }]),
      'OnnxMalformed',
      '"w" holds its values twice',
    ],
    [
      'values in the place of another type',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), rawData: undefined, int32Data: [1] }]),
      'OnnxMalformed',
      '"w" holds 0 values',
    ],
    [
      'a data type that does not exist',
      modelOf([relu], {}, [{ ...floatTensor('w', [1], Float32Array.of(1)), dataType: 77 }]),
      'OnnxMalformed',
      'the data type 77',
    ],
    [
      'an initializer that occurs twice',
      modelOf([relu], {}, [floatTensor('w', [1], Float32Array.of(1)), floatTensor('w', [1], Float32Array.of(2))]),
      'OnnxDuplicateValue',
      'initializer "w" occurs twice',
    ],
    [
      'an input of more values than any memory holds',
      withInput(modelOf([relu]), [1, 3, 2 ** 30, 2 ** 30]),
      'OnnxImpossibleShape',
      '"x" has more than 536870912 values by its shape',
    ],
    ['a negative input dimension', withInput(modelOf([relu]), [1, -7]), 'OnnxImpossibleShape', '"x" has the dimension -7'],
  ])('refuses %s', (_, model, code, message) => {
    const error = refusal(model);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.action).not.toBe('');
  });

  it.each(['\u001b[2J\u0007', 'x'.repeat(2 ** 20), '\u202e'.repeat(5000), 'a b '.repeat(2 ** 18)])(
    'tells a hostile name legibly',
    (name) => {
      for (const model of [
        modelOf([{ ...relu, name, opType: 'Frobnicate' }]),
        modelOf([relu, makeNode('Abs', name, ['x'], ['y'])]),
        modelOf([relu], {}, [{ ...floatTensor(name, [1], Float32Array.of(1)), dims: [-1] }]),
      ]) {
        const { message, element = '' } = refusal(model);
        expect(message.length + element.length).toBeLessThan(6_000);
        expect(message + element).not.toMatch(/[\p{Cc}\u202e]/u);
      }
    },
  );

  it('refuses a message of hundreds of thousands of empty fields before it keeps them', () => {
    const bytes = new Uint8Array(2 * (2 ** 18 + 1));
    for (let at = 0; at < bytes.length; at += 2) bytes.set([0x08, 0x08], at);
    expect(() => parseModel(bytes)).toThrowError(/more than 262144 fields/);
  });

  it('sorts a long chain without recursion', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) =>
      makeNode('Neg', `n${String(i)}`, [i === 0 ? 'x' : `v${String(i - 1)}`], [i === 19_999 ? 'y' : `v${String(i)}`]),
    );
    expect(checkModel(parseModel(serializeModel(modelOf(chain)))).producers.size).toBe(20_000);
    expect(refusal(modelOf(chain.toReversed())).code).toBe('OnnxNodeOrder');
  });
});
