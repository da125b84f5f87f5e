import type { Tensor, TensorSpec } from '@takt/engines';
import { describe, expect, it } from 'vitest';
import { describeDetector } from './loaded-model.js';

const session = (input: Partial<TensorSpec>, output: Partial<TensorSpec> = {}) => {
  const fed: Record<string, Tensor>[] = [];
  return {
    fed,
    inputs: [{ name: 'images', type: 'float32', dims: [1, 3, 4, 8], ...input }],
    outputs: [{ name: 'output0', type: 'float32', dims: [1, 2, 7], ...output }],
    run: (feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
      fed.push(feeds);
      return Promise.resolve({ output0: { type: 'float32', data: new Float32Array(14), dims: [1, 2, 7] } });
    },
  };
};

describe('describeDetector', () => {
  it('reads size, type and class count, and feeds the input under its name', async () => {
    const own = session({});
    const { model, infer } = describeDetector(own, 'a.onnx');
    expect(model).toEqual({ width: 8, height: 4, inputType: 'float32', names: ['0', '1'] });
    const data = new Float32Array(96);
    expect((await infer(data)).dims).toEqual([1, 2, 7]);
    expect(own.fed[0]?.['images']).toEqual({ type: 'float32', data, dims: [1, 3, 4, 8] });
  });

  it('feeds bytes where the network divides itself', async () => {
    const own = session({ type: 'uint8' });
    const { model, infer } = describeDetector(own, 'a.onnx');
    expect(model.inputType).toBe('uint8');
    await infer(new Uint8Array(96));
    expect(own.fed[0]?.['images']?.type).toBe('uint8');
  });

  it.each([
    [{ dims: [1, 3, -1, -1] }, {}, 'shape 1×3×-1×-1'],
    [{ dims: [1, 1, 4, 8] }, {}, 'shape 1×1×4×8'],
    [{ type: 'int64' }, {}, 'type int64'],
    [{}, { dims: [1, 7] }, 'shape 1×7'],
    [{}, { dims: [1, 2, 5] }, 'shape 1×2×5'],
  ])('refuses input %j, output %j', (input, output, message) => {
    expect(() => describeDetector(session(input, output), 'a.onnx')).toThrow(message);
  });
});
