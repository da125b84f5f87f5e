import type { LibraryHandle, TypeObject } from 'koffi';
import type * as koffiModule from 'koffi';

export type Koffi = typeof koffiModule;
/** What koffi takes as the type of an argument. */
type ArgumentType = Parameters<LibraryHandle['func']>[3][number];

/** A pointer into the library; koffi's form of it. */
export type Handle = bigint;
/** What a call fills in: koffi copies the value into the first element. */
type Out<T> = [T | null];
type Status = number;
type KoffiFunction = ReturnType<LibraryHandle['func']>;

export interface NativeShape {
  readonly rank: number | bigint;
  readonly dims: readonly number[] | Handle;
}
export interface NativeDimension {
  readonly min: number | bigint;
  readonly max: number | bigint;
}
export interface NativePartialShape {
  readonly rank: NativeDimension;
  readonly dims: Handle;
}

/** The functions of OpenVINO's C interface that takt calls. Names and arguments are those of its headers. */
export interface OpenVinoFunctions {
  version(version: { buildNumber?: Handle; description?: Handle }): Status;
  freeVersion(version: { buildNumber?: Handle; description?: Handle }): void;
  lastError(): Handle | null;
  freeText(text: Handle): void;
  createCore(core: Out<Handle>): Status;
  readModel(core: Handle, path: string, weights: null, model: Out<Handle>): Status;
  freeModel(model: Handle): void;
  /** Takes its properties as type, value, type, value … after the others; koffi cannot call such a function on another thread. */
  compileModel(core: Handle, model: Handle, device: string, values: number, compiled: Out<Handle>, ...properties: string[]): Status;
  freeCompiledModel(compiled: Handle): void;
  inputCount(compiled: Handle, count: Out<number>): Status;
  outputCount(compiled: Handle, count: Out<number>): Status;
  inputPort(compiled: Handle, index: number, port: Out<Handle>): Status;
  outputPort(compiled: Handle, index: number, port: Out<Handle>): Status;
  inputNamed(compiled: Handle, name: string, port: Out<Handle>): Status;
  outputNamed(compiled: Handle, name: string, port: Out<Handle>): Status;
  freePort(port: Handle): void;
  portName(port: Handle, name: Out<Handle>): Status;
  portElementType(port: Handle, type: Out<number>): Status;
  portShape(port: Handle, shape: Partial<NativePartialShape>): Status;
  freePartialShape(shape: NativePartialShape): void;
  createRequest(compiled: Handle, request: Out<Handle>): Status;
  freeRequest(request: Handle): void;
  setTensor(request: Handle, name: string, tensor: Handle): Status;
  getTensor(request: Handle, name: string, tensor: Out<Handle>): Status;
  startInference(request: Handle): Status;
  waitInference: { async(request: Handle, done: (error: Error | null, status: Status) => void): void };
  createTensor(type: number, shape: NativeShape, tensor: Out<Handle>): Status;
  freeTensor(tensor: Handle): void;
  tensorData(tensor: Handle, data: Out<Handle>): Status;
  tensorBytes(tensor: Handle, bytes: Out<number | bigint>): Status;
  tensorType(tensor: Handle, type: Out<number>): Status;
  tensorShape(tensor: Handle, shape: Partial<NativeShape>): Status;
  freeShape(shape: NativeShape): void;
}

/** Types of the C interface, as koffi passes and reads them. Nameless: koffi's names are the process's, and may be taken. */
export type OpenVinoTypes = Readonly<Record<'dimension' | 'shapeIn' | 'shapeOut' | 'partialShape' | 'version', TypeObject>>;

export const openVinoTypes = (koffi: Koffi): OpenVinoTypes => {
  const dimension = koffi.struct({ min: 'int64_t', max: 'int64_t' });
  return {
    dimension,
    shapeIn: koffi.struct({ rank: 'int64_t', dims: 'int64_t *' }),
    shapeOut: koffi.struct({ rank: 'int64_t', dims: 'void *' }),
    partialShape: koffi.struct({ rank: dimension, dims: 'void *' }),
    version: koffi.struct({ buildNumber: 'void *', description: 'void *' }),
  };
};

/** Declares them on the library at `path`; throws where it does not load or lacks one. */
export function declareFunctions(koffi: Koffi, types: OpenVinoTypes, path: string): OpenVinoFunctions {
  const library = koffi.load(path);
  const handle = 'void *';
  const to = (type: string | TypeObject): ArgumentType => koffi.out(koffi.pointer(type));
  const status = (name: string, ...args: ArgumentType[]): KoffiFunction => library.func(name, 'int', args);
  const free = (name: string, argument: ArgumentType = handle): KoffiFunction => library.func(name, 'void', [argument]);
  return {
    version: status('ov_get_openvino_version', to(types.version)),
    freeVersion: free('ov_version_free', koffi.pointer(types.version)),
    lastError: library.func('ov_get_last_err_msg', handle, []),
    freeText: free('ov_free'),
    createCore: status('ov_core_create', to(handle)),
    readModel: status('ov_core_read_model', handle, 'str', 'str', to(handle)),
    freeModel: free('ov_model_free'),
    compileModel: status('ov_core_compile_model', handle, handle, 'str', 'size_t', to(handle), '...'),
    freeCompiledModel: free('ov_compiled_model_free'),
    inputCount: status('ov_compiled_model_inputs_size', handle, to('size_t')),
    outputCount: status('ov_compiled_model_outputs_size', handle, to('size_t')),
    inputPort: status('ov_compiled_model_input_by_index', handle, 'size_t', to(handle)),
    outputPort: status('ov_compiled_model_output_by_index', handle, 'size_t', to(handle)),
    inputNamed: status('ov_compiled_model_input_by_name', handle, 'str', to(handle)),
    outputNamed: status('ov_compiled_model_output_by_name', handle, 'str', to(handle)),
    freePort: free('ov_output_const_port_free'),
    portName: status('ov_port_get_any_name', handle, to(handle)),
    portElementType: status('ov_port_get_element_type', handle, to('int')),
    portShape: status('ov_port_get_partial_shape', handle, to(types.partialShape)),
    freePartialShape: free('ov_partial_shape_free', koffi.pointer(types.partialShape)),
    createRequest: status('ov_compiled_model_create_infer_request', handle, to(handle)),
    freeRequest: free('ov_infer_request_free'),
    setTensor: status('ov_infer_request_set_tensor', handle, 'str', handle),
    getTensor: status('ov_infer_request_get_tensor', handle, 'str', to(handle)),
    startInference: status('ov_infer_request_start_async', handle),
    waitInference: status('ov_infer_request_wait', handle),
    createTensor: status('ov_tensor_create', 'int', types.shapeIn, to(handle)),
    freeTensor: free('ov_tensor_free'),
    tensorData: status('ov_tensor_data', handle, to(handle)),
    tensorBytes: status('ov_tensor_get_byte_size', handle, to('size_t')),
    tensorType: status('ov_tensor_get_element_type', handle, to('int')),
    tensorShape: status('ov_tensor_get_shape', handle, to(types.shapeOut)),
    freeShape: free('ov_shape_free', koffi.pointer(types.shapeOut)),
  };
}
