import type { EngineName, ThreadPolicy } from './engine-plan.js';

/** Element types that cross the engine port. */
export type TensorData =
  | { readonly type: 'float32'; readonly data: Float32Array }
  | { readonly type: 'uint8'; readonly data: Uint8Array }
  | { readonly type: 'int8'; readonly data: Int8Array }
  | { readonly type: 'int32'; readonly data: Int32Array }
  | { readonly type: 'int64'; readonly data: BigInt64Array };

/** A dense tensor in row-major order; the product of `dims` equals `data.length`. */
export type Tensor = TensorData & { readonly dims: readonly number[] };

/** A model's input or output. A dimension that the model leaves open is −1. */
export interface TensorSpec {
  readonly name: string;
  /** Element type as the engine names it, e.g. `float32`. */
  readonly type: string;
  readonly dims: readonly number[];
}

/** One loaded artifact. Calls do not overlap: the next `run` starts after the last one settled. */
export interface EngineSession {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Runs the artifact once. May block the calling thread while it computes.
   *
   * @throws TaktError `EngineRunFailed` when the engine refuses the input or fails in it.
   */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>;
  /** Frees the engine's memory; the session cannot be used afterwards. Calling it twice is harmless. */
  release(): Promise<void>;
}

/** Whether an engine can be used on this machine, and if not, why, in words an operator can act on. */
export type EngineAvailability =
  { readonly available: true; readonly version: string } | { readonly available: false; readonly reason: string };

/** Software that executes artifacts, behind one face. Implemented by the `engine-*` adapters. */
export interface EngineAdapter {
  readonly name: EngineName;
  availability(): Promise<EngineAvailability>;
  /**
   * Loads the artifact in the file at `path` (absolute).
   *
   * @throws TaktError `EngineUnavailable` where the engine cannot run here, `EngineLoadFailed` where it refuses the file.
   */
  load(path: string, threads: ThreadPolicy): Promise<EngineSession>;
}
