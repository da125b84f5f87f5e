import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import { DataType } from '../proto/messages.js';
import type { ValueInfoProto } from '../proto/messages.js';
import { parseModel } from '../proto/model-file.js';
import type { Model } from '../proto/model-file.js';
import { checkModel, standardOpset } from './check-model.js';
import type { OperatorSets } from './check-model.js';
import { parseClassNames } from './class-names.js';
import { recognizeDetector } from './detector.js';
import type { Detector } from './detector.js';
import type { ValueSpec } from './value-spec.js';

/** What takt knows of a model before it runs it. */
export interface ModelInspection {
  readonly opset: number;
  readonly irVersion: number;
  readonly producer: string;
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  /** Class names from the metadata; empty where it has none. */
  readonly names: readonly string[];
  /** Largest stride in pixels from the metadata, or null. */
  readonly stride: number | null;
  readonly nodesByOp: Readonly<Record<string, number>>;
  readonly nodes: number;
  /** Number of weight values. */
  readonly parameters: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The detector family and its geometry, or why the model is none that takt can serve. */
  readonly detector: Detector | { readonly family: 'unknown'; readonly why: string };
}

/**
 * The import check: reads and checks a model's bytes and says what it is.
 *
 * @throws TaktError with an `OnnxErrorCode`; a model that is valid but no known detector does not throw.
 */
export function inspectModel(bytes: Uint8Array, operators: OperatorSets = 'standard'): ModelInspection {
  const model = parseModel(bytes);
  const index = checkModel(model, operators);
  const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? '']));
  const inputs = model.graph.input.filter((value) => index.inputs.has(value.name ?? '')).map(toSpec);
  const outputs = model.graph.output.map(toSpec);
  const names = parseClassNames(metadata['names'] ?? '') ?? [];
  const stride = Number(metadata['stride'] ?? Number.NaN);
  return {
    opset: standardOpset(model) ?? 0,
    irVersion: model.irVersion ?? 0,
    producer: [model.producerName, model.producerVersion].filter((part) => part !== undefined && part !== '').join(' '),
    inputs,
    outputs,
    names,
    stride: Number.isInteger(stride) && stride > 0 ? stride : null,
    nodesByOp: countOperators(model),
    nodes: model.graph.node.length,
    parameters: model.graph.initializer.reduce((sum, tensor) => sum + tensor.dims.reduce((product, dim) => product * dim, 1), 0),
    metadata,
    detector: recognizeDetector(inputs, outputs, names),
  };
}

/** @throws TaktError `OnnxNotADetector` where takt cannot decode the model's output. */
export function requireDetector(inspection: ModelInspection): Detector {
  const { detector } = inspection;
  if (detector.family === 'unknown')
    throw onnxError(OnnxErrorCode.notADetector, `the model is no detector that takt can serve: ${detector.why}`);
  return detector;
}

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [DataType.float]: 'float32',
  [DataType.uint8]: 'uint8',
  [DataType.int8]: 'int8',
  [DataType.int32]: 'int32',
  [DataType.int64]: 'int64',
  [DataType.bool]: 'bool',
  [DataType.float16]: 'float16',
  [DataType.double]: 'float64',
};

function toSpec(value: ValueInfoProto): ValueSpec {
  const tensor = value.type?.tensorType;
  return {
    name: value.name ?? '',
    type: TYPE_NAMES[tensor?.elemType ?? 0] ?? 'other',
    dims: (tensor?.shape?.dim ?? []).map((dim) => dim.dimValue ?? dim.dimParam ?? -1),
  };
}

function countOperators(model: Model): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { opType } of model.graph.node) counts.set(opType ?? '', (counts.get(opType ?? '') ?? 0) + 1);
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}
