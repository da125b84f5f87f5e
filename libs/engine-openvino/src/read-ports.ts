import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { TensorSpec } from '@takt/engines';
import { parseModel } from '@takt/onnx';
import type { OpenVinoBinding } from './library/binding.js';
import type { Handle, NativePartialShape } from './library/functions.js';

const OPEN_DIMENSION = -1;

/** What a model calls its inputs and outputs. */
export interface PortNames {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The names in an ONNX file. OpenVINO keeps them among others where it merged nodes, and gives the first of all in the
 * alphabet when asked for one. Undefined for its own format, whose names it gives as they are.
 */
export async function readPortNames(path: string): Promise<PortNames | undefined> {
  if (extname(path) === '.xml') return undefined;
  const { graph } = parseModel(await readFile(path));
  // Old exporters list weights among the inputs.
  const weights = new Set(graph.initializer.map(({ name }) => name));
  const named = (values: readonly { readonly name?: string | undefined }[]): string[] => values.flatMap(({ name }) => name ?? []);
  return { inputs: named(graph.input).filter((name) => !weights.has(name)), outputs: named(graph.output) };
}

/** Inputs and outputs of a compiled model; each can be reached by its name. */
export function readPorts(
  binding: OpenVinoBinding,
  compiled: Handle,
  names: PortNames | undefined,
): { inputs: TensorSpec[]; outputs: TensorSpec[] } {
  const { functions } = binding;
  const { inputs, outputs } = names ?? {
    inputs: ownNames(binding, compiled, functions.inputCount, functions.inputPort),
    outputs: ownNames(binding, compiled, functions.outputCount, functions.outputPort),
  };
  const spec = (name: string, port: (compiled: Handle, name: string, out: [Handle | null]) => number): TensorSpec =>
    withPort(
      binding,
      (out) => port(compiled, name, out),
      (handle) => readPort(binding, name, handle),
    );
  return {
    inputs: inputs.map((name) => spec(name, functions.inputNamed)),
    outputs: outputs.map((name) => spec(name, functions.outputNamed)),
  };
}

const ownNames = (
  binding: OpenVinoBinding,
  compiled: Handle,
  count: (compiled: Handle, out: [number | null]) => number,
  port: (compiled: Handle, index: number, out: [Handle | null]) => number,
): string[] =>
  Array.from({ length: Number(binding.take<number>((out) => count(compiled, out))) }, (_, index) =>
    withPort(
      binding,
      (out) => port(compiled, index, out),
      (handle) => binding.takeText((out) => binding.functions.portName(handle, out)),
    ),
  );

function withPort<T>(binding: OpenVinoBinding, port: (out: [Handle | null]) => number, read: (handle: Handle) => T): T {
  const handle = binding.take(port);
  try {
    return read(handle);
  } finally {
    binding.functions.freePort(handle);
  }
}

function readPort(binding: OpenVinoBinding, name: string, port: Handle): TensorSpec {
  const { functions, elementTypes } = binding;
  return {
    name,
    type: elementTypes.nameOf(binding.take<number>((out) => functions.portElementType(port, out))),
    dims: readShape(binding, port),
  };
}

/** A model may leave the number of dimensions open too; it is then described as having none. */
function readShape(binding: OpenVinoBinding, port: Handle): number[] {
  const shape: Partial<NativePartialShape> = {};
  binding.check(binding.functions.portShape(port, shape));
  const { rank, dims } = shape as NativePartialShape;
  try {
    if (rank.min !== rank.max || Number(rank.max) === 0) return [];
    return binding.readDimensions(dims, Number(rank.max)).map(({ min, max }) => (min === max ? Number(min) : OPEN_DIMENSION));
  } finally {
    binding.functions.freePartialShape({ rank, dims });
  }
}
