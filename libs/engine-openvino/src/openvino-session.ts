import type { EngineSession, Tensor, TensorSpec } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import type { OpenVinoBinding } from './library/binding.js';
import type { Handle } from './library/functions.js';
import { createNativeTensor, readNativeTensor } from './native-tensor.js';
import type { NativeTensor } from './native-tensor.js';

/** Wraps a compiled model, which it frees in the end; `element` names the artifact in errors. */
export function wrapCompiled(
  binding: OpenVinoBinding,
  compiled: Handle,
  ports: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] },
  element: string,
): EngineSession {
  const { functions } = binding;
  const { inputs, outputs } = ports;
  const request = binding.take<Handle>((out) => functions.createRequest(compiled, out));
  const given = new Map<string, NativeTensor>();
  let running: Promise<unknown> = Promise.resolve();
  let released = false;

  const feed = ({ name, type }: TensorSpec, tensor: Tensor): void => {
    if (tensor.type !== type) throw new TypeError(`input "${name}" is ${type}, not ${tensor.type}`);
    let native = given.get(name);
    if (native === undefined || !sameDims(native.dims, tensor.dims)) {
      const next = createNativeTensor(binding, tensor.type, tensor.dims);
      // The request takes it first: where it refuses the shape, the one before stays usable.
      try {
        binding.check(functions.setTensor(request, name, next.handle));
      } catch (thrown) {
        next.free();
        throw thrown;
      }
      native?.free();
      given.set(name, next);
      native = next;
    }
    native.fill(tensor);
  };

  const collect = (): Record<string, Tensor> =>
    Object.fromEntries(
      outputs.map(({ name }) => {
        const handle = binding.take<Handle>((out) => functions.getTensor(request, name, out));
        try {
          return [name, readNativeTensor(binding, handle)];
        } finally {
          functions.freeTensor(handle);
        }
      }),
    );

  const infer = async (feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> => {
    const unknown = Object.keys(feeds).find((name) => inputs.every((input) => input.name !== name));
    if (unknown !== undefined) throw new TypeError(`it has no input "${unknown}"`);
    for (const input of inputs) {
      const tensor = feeds[input.name];
      // The library would run on whatever its own memory holds.
      if (tensor === undefined) throw new TypeError(`input "${input.name}" is not given`);
      feed(input, tensor);
    }
    // The library computes on threads of its own; another thread waits for them, and this one stays free.
    binding.check(functions.startInference(request));
    binding.check(
      await new Promise<number>((resolve, reject) => {
        functions.waitInference.async(request, (error, status) => {
          if (error === null) resolve(status);
          else reject(error);
        });
      }),
    );
    return collect();
  };

  return {
    inputs,
    outputs,
    async run(feeds): Promise<Record<string, Tensor>> {
      if (released) throw runFailed(element, 'the session was released');
      const run = infer(feeds);
      running = run.catch(() => undefined);
      try {
        return await run;
      } catch (thrown) {
        throw runFailed(element, thrown instanceof Error ? thrown.message : String(thrown), thrown);
      }
    },
    async release(): Promise<void> {
      if (released) return;
      released = true;
      await running;
      functions.freeRequest(request);
      for (const tensor of given.values()) tensor.free();
      functions.freeCompiledModel(compiled);
    },
  };
}

const sameDims = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((dim, i) => dim === b[i]);

const runFailed = (element: string, message: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'EngineRunFailed',
    message: `openvino could not run ${element}: ${message}`,
    action: "check that the input has the model's shape and type",
    component: 'engine-openvino',
    element,
    ...(cause === undefined ? {} : { cause }),
  });
