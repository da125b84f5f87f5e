import type { Tensor, TensorData } from '@takt/engines';
import type { OpenVinoBinding } from './library/binding.js';
import type { Handle } from './library/functions.js';

/** A tensor in the library's memory that inputs are copied into: made once a shape, since making one costs more than a copy. */
export interface NativeTensor {
  readonly handle: Handle;
  readonly type: TensorData['type'];
  readonly dims: readonly number[];
  /** @throws RangeError where the data does not fill the shape */
  fill(tensor: Tensor): void;
  free(): void;
}

export function createNativeTensor(binding: OpenVinoBinding, type: TensorData['type'], dims: readonly number[]): NativeTensor {
  const { functions, elementTypes } = binding;
  const shape = { rank: dims.length, dims: [...dims] };
  const handle = binding.take<Handle>((out) => functions.createTensor(elementTypes.numberOf(type), shape, out));
  const memory = memoryOf(binding, handle);
  return {
    handle,
    type,
    dims: [...dims],
    fill: ({ data }) => {
      if (data.byteLength !== memory.byteLength)
        throw new RangeError(`${String(data.length)} values do not fill the shape ${dims.join('×')}`);
      memory.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    },
    free: () => {
      functions.freeTensor(handle);
    },
  };
}

/** A copy of what the library computed, which it overwrites in the next run. */
export function readNativeTensor(binding: OpenVinoBinding, handle: Handle): Tensor {
  const { functions, elementTypes } = binding;
  const type = elementTypes.nameOf(binding.take<number>((out) => functions.tensorType(handle, out)));
  const dims = dimsOf(binding, handle);
  const { buffer } = memoryOf(binding, handle).slice();
  switch (type) {
    case 'float32':
      return { type, data: new Float32Array(buffer), dims };
    case 'uint8':
      return { type, data: new Uint8Array(buffer), dims };
    case 'int8':
      return { type, data: new Int8Array(buffer), dims };
    case 'int32':
      return { type, data: new Int32Array(buffer), dims };
    case 'int64':
      return { type, data: new BigInt64Array(buffer), dims };
    default:
      throw new TypeError(`output of type ${type} cannot cross the engine port`);
  }
}

function memoryOf(binding: OpenVinoBinding, handle: Handle): Uint8Array<ArrayBuffer> {
  const { functions } = binding;
  const bytes = Number(binding.take<number | bigint>((out) => functions.tensorBytes(handle, out)));
  if (bytes === 0) return new Uint8Array();
  return binding.view(
    binding.take<Handle>((out) => functions.tensorData(handle, out)),
    bytes,
  );
}

function dimsOf(binding: OpenVinoBinding, handle: Handle): number[] {
  const shape: { rank?: number | bigint; dims?: Handle } = {};
  binding.check(binding.functions.tensorShape(handle, shape));
  const { rank = 0, dims } = shape;
  const count = Number(rank);
  if (dims === undefined || count === 0) return [];
  const values = binding.readIntegers(dims, count);
  binding.functions.freeShape({ rank, dims });
  return [...values];
}
