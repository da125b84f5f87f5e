import { DataType, floatTensor, fromFloat16, int64Tensor, int8Tensor, makeNode } from '@takt/onnx';
import type { Model, TensorProto } from '@takt/onnx';
import { describe, expect, it } from 'vitest';
import { build, constant, conv, exampleDetector, layer, named, reload } from '../../test/example-detector.js';
import { emitFp16 } from './emit-fp16.js';
import { validateFp16 } from './validate-fp16.js';
import { validateMyriad } from './validate-myriad.js';

const halves = (tensor: TensorProto | undefined): number[] =>
  [...new Uint16Array(new Uint8Array(tensor?.rawData ?? []).buffer)].map(fromFloat16);
const scalar = (name: string, value: number): TensorProto => floatTensor(name, [], Float32Array.of(value));
const typeOf = (model: Model, at: 'input' | 'output'): number | undefined => model.graph[at][0]?.type?.tensorType?.elemType;

describe('half precision', () => {
  const { model, clipped, raised } = emitFp16(exampleDetector());
  const graph = reload(model);

  it('keeps inputs and outputs in float32 and computes in float16', () => {
    expect(typeOf(graph, 'input')).toBe(DataType.float);
    expect(named(graph, 'images_fp16_Cast')).toMatchObject({ input: ['images'], output: ['images_fp16'] });
    expect(named(graph, 'output0_Cast')).toMatchObject({ input: ['output0_fp16'], output: ['output0'] });
    expect(named(graph, 'a')?.input[0]).toBe('images_fp16');
    expect(constant(graph, 'a.w')?.dataType).toBe(DataType.float16);
    expect(halves(constant(graph, 'a.w'))[0]).toBeCloseTo(Math.sin(1), 3);
    expect([clipped, raised]).toEqual([[], []]);
  });

  it('takes and gives float16 where that is asked for', () => {
    const all = reload(emitFp16(exampleDetector(), { halfInterface: true }).model);
    expect([typeOf(all, 'input'), typeOf(all, 'output')]).toEqual([DataType.float16, DataType.float16]);
    expect(all.graph.node.some(({ opType }) => opType === 'Cast')).toBe(false);
  });

  it('leaves what ONNX wants in float32', () => {
    expect(constant(graph, 'scales')?.dataType).toBe(DataType.float);
    expect([validateFp16(graph), validateMyriad(graph)]).toEqual([[], []]);
  });

  it('casts values that ONNX wants in float32, once each', () => {
    const nodes = [
      makeNode('Sigmoid', 's', ['images'], ['scores']),
      makeNode('NonMaxSuppression', 'nms', ['images', 'scores', '', 'iou'], ['picked']),
      makeNode('NonMaxSuppression', 'nms2', ['images', 'scores', '', 'iou'], ['picked2']),
      makeNode('Identity', 'i', ['scores'], ['output0']),
    ];
    const made = reload(emitFp16(build(nodes, [scalar('iou', 0.5)])).model);
    expect(named(made, 'nms')?.input).toEqual(['images', 'scores_fp32', '', 'iou']);
    expect(made.graph.node.filter(({ name }) => name === 'scores_fp32_Cast')).toHaveLength(1);
    expect(constant(made, 'iou')?.dataType).toBe(DataType.float);
  });

  it('keeps a constant that is read both ways twice', () => {
    const nodes = [makeNode('Resize', 'r', ['images', '', 'f'], ['up']), makeNode('Mul', 'm', ['up', 'f'], ['output0'])];
    const made = emitFp16(build(nodes, [floatTensor('f', [4], Float32Array.of(1, 1, 2, 2))])).model;
    expect(named(made, 'm')?.input).toEqual(['up', 'f_fp16']);
    expect(halves(constant(made, 'f_fp16'))).toEqual([1, 1, 2, 2]);
    expect(validateFp16(made)).toEqual([]);
  });

  it('makes float16 where nodes make values of their own', () => {
    const made = emitFp16(
      build(
        [
          makeNode('Cast', 'c', ['images'], ['i'], { to: BigInt(DataType.float) }),
          makeNode('ConstantOfShape', 'z', ['shape'], ['zeros']),
          makeNode('Add', 'a', ['i', 'zeros'], ['output0']),
        ],
        [int64Tensor('shape', [1], BigInt64Array.of(1n))],
      ),
    ).model;
    expect(named(made, 'c')?.attribute[0]?.i).toBe(BigInt(DataType.float16));
    expect(named(made, 'z')?.attribute[0]?.t?.dataType).toBe(DataType.float16);
    expect(constant(made, 'shape')?.dataType).toBe(DataType.int64);
  });

  it('clips what half precision cannot hold, infinity too, and names it', () => {
    const large = build(
      [conv('a', 'images'), makeNode('Add', 'i', ['a.out', 'mask'], ['output0'])],
      [...layer('a', 3, 4, 1e6), scalar('mask', Number.NEGATIVE_INFINITY)],
    );
    const made = emitFp16(large);
    expect(made.clipped).toEqual(['a.w', 'mask']);
    expect(halves(constant(made.model, 'mask'))).toEqual([-65504]);
    expect(validateFp16(made.model)).toEqual([]);
  });

  it('keeps a guard against division by zero above zero, and names it', () => {
    const made = emitFp16(build([makeNode('Div', 'd', ['images', 'epsilon'], ['output0'])], [scalar('epsilon', 1e-12)]));
    expect(made.raised).toEqual(['epsilon']);
    expect(halves(constant(made.model, 'epsilon'))).toEqual([2 ** -24]);
  });

  it('leaves constants out of the inputs', () => {
    const model = exampleDetector();
    const listed = { ...model, graph: { ...model.graph, input: [...model.graph.input, { ...model.graph.input[0], name: 'a.w' }] } };
    expect(emitFp16(listed).model.graph.input.map(({ name }) => name)).toEqual(['images']);
  });

  it('lowers the opset for the old front end, and refuses what that cannot read', () => {
    expect(emitFp16(exampleDetector(17)).model.opsetImport[0]?.version).toBe(13);
    const newer = build([makeNode('LayerNormalization', 'norm', ['images', 'w'], ['output0'])], [scalar('w', 1)], 17);
    expect(() => emitFp16(newer)).toThrowError(/norm \(LayerNormalization\) needs opset 17; OpenVINO 2022\.3.* reads up to 15/);
  });

  it('refuses a quantized model', () => {
    const pair = [makeNode('QuantizeLinear', 'q', ['images', 's', 'z'], ['output0'])];
    expect(() => emitFp16(build(pair, [scalar('s', 1), int8Tensor('z', [], Int8Array.of(0))]))).toThrowError(
      expect.objectContaining({ code: 'ModelAlreadyQuantized' }) as Error,
    );
  });
});
