import type { EngineSession, Tensor, TensorSpec } from '@takt/engines';
import { TaktError, legible } from '@takt/kernel';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { OrtBinding } from './ort-binding.js';

const OPEN_DIMENSION = -1;

/** Wraps a native session; `element` names the artifact in errors. */
export function wrapSession(binding: OrtBinding, native: InferenceSession, element: string): EngineSession {
  let released = false;
  return {
    inputs: native.inputMetadata.map(toSpec),
    outputs: native.outputMetadata.map(toSpec),
    async run(feeds): Promise<Record<string, Tensor>> {
      if (released) throw runFailed(element, 'the session was released');
      const given: Record<string, OrtTensor> = {};
      for (const [name, tensor] of Object.entries(feeds)) given[name] = toOrt(binding, tensor);
      try {
        const results = await native.run(given);
        return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(tensor)]));
      } catch (thrown) {
        throw runFailed(element, thrown instanceof Error ? thrown.message : String(thrown), thrown);
      }
    },
    async release(): Promise<void> {
      if (released) return;
      released = true;
      await native.release();
    },
  };
}

function toSpec(meta: InferenceSession.ValueMetadata): TensorSpec {
  if (!meta.isTensor) return { name: meta.name, type: 'not a tensor', dims: [] };
  return { name: meta.name, type: meta.type, dims: meta.shape.map((d) => (typeof d === 'number' ? d : OPEN_DIMENSION)) };
}

function toOrt(binding: OrtBinding, tensor: Tensor): OrtTensor {
  const dims = [...tensor.dims];
  switch (tensor.type) {
    case 'float32':
      return new binding.Tensor('float32', tensor.data, dims);
    case 'uint8':
      return new binding.Tensor('uint8', tensor.data, dims);
    case 'int8':
      return new binding.Tensor('int8', tensor.data, dims);
    case 'int32':
      return new binding.Tensor('int32', tensor.data, dims);
    case 'int64':
      return new binding.Tensor('int64', tensor.data, dims);
  }
}

function fromOrt(tensor: OrtTensor): Tensor {
  const { dims } = tensor;
  switch (tensor.type) {
    case 'float32':
      return { type: 'float32', data: tensor.data as Float32Array, dims };
    case 'uint8':
      return { type: 'uint8', data: tensor.data as Uint8Array, dims };
    case 'int8':
      return { type: 'int8', data: tensor.data as Int8Array, dims };
    case 'int32':
      return { type: 'int32', data: tensor.data as Int32Array, dims };
    case 'int64':
      return { type: 'int64', data: tensor.data as BigInt64Array, dims };
    default:
      throw new TypeError(`output of type ${tensor.type} cannot cross the engine port`);
  }
}

const runFailed = (element: string, message: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'EngineRunFailed',
    message: legible(`onnxruntime could not run ${element}: ${message}`),
    action: "check that the input has the model's shape and type",
    component: 'engine-ort',
    element,
    ...(cause === undefined ? {} : { cause }),
  });
