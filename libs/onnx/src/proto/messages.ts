import {
  optionalBytes,
  optionalFloat,
  optionalInt,
  optionalInt32,
  optionalInt64,
  optionalMessage,
  optionalString,
  repeatedBytes,
  repeatedFloat,
  repeatedInt,
  repeatedInt32,
  repeatedInt64,
  repeatedMessage,
  repeatedString,
} from '../wire/field-codec.js';
import { message } from '../wire/message-codec.js';
import type { MessageCodec, Preserved } from '../wire/message-codec.js';

/**
 * The messages of ONNX's onnx.proto that takt reads or writes, with the fields it uses; all others survive as `unknown`.
 * Lists are never absent, single fields are. Values are read-only: change a message by making a copy.
 */
export interface StringStringEntry extends Preserved {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export interface OperatorSetId extends Preserved {
  /** Absent or empty for the standard operators. */
  readonly domain?: string | undefined;
  readonly version?: number | undefined;
}

export interface TensorProto extends Preserved {
  readonly dims: readonly number[];
  /** A {@link DataType}. */
  readonly dataType?: number | undefined;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly bigint[];
  readonly name?: string | undefined;
  /** Little-endian, row-major. */
  readonly rawData?: Uint8Array | undefined;
  readonly externalData: readonly StringStringEntry[];
  /** 1 when the values lie in another file. */
  readonly dataLocation?: number | undefined;
}

export interface AttributeProto extends Preserved {
  readonly name?: string | undefined;
  /** An {@link AttributeType}. */
  readonly type?: number | undefined;
  readonly f?: number | undefined;
  readonly i?: bigint | undefined;
  /** UTF-8. */
  readonly s?: Uint8Array | undefined;
  readonly t?: TensorProto | undefined;
  /** A subgraph, undecoded: takt refuses control flow. */
  readonly g?: Uint8Array | undefined;
  readonly floats: readonly number[];
  readonly ints: readonly bigint[];
  readonly strings: readonly Uint8Array[];
  readonly graphs: readonly Uint8Array[];
}

export interface NodeProto extends Preserved {
  /** Value names; an empty name is an optional input left out. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name?: string | undefined;
  readonly opType?: string | undefined;
  readonly attribute: readonly AttributeProto[];
  readonly domain?: string | undefined;
}

export interface DimensionProto extends Preserved {
  readonly dimValue?: number | undefined;
  readonly dimParam?: string | undefined;
}

export interface TensorShapeProto extends Preserved {
  readonly dim: readonly DimensionProto[];
}

export interface TensorTypeProto extends Preserved {
  readonly elemType?: number | undefined;
  readonly shape?: TensorShapeProto | undefined;
}

export interface TypeProto extends Preserved {
  /** Absent for sequences, maps and optionals. */
  readonly tensorType?: TensorTypeProto | undefined;
}

export interface ValueInfoProto extends Preserved {
  readonly name?: string | undefined;
  readonly type?: TypeProto | undefined;
}

export interface GraphProto extends Preserved {
  readonly node: readonly NodeProto[];
  readonly name?: string | undefined;
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

export interface ModelProto extends Preserved {
  readonly irVersion?: number | undefined;
  readonly producerName?: string | undefined;
  readonly producerVersion?: string | undefined;
  readonly graph?: GraphProto | undefined;
  readonly opsetImport: readonly OperatorSetId[];
  readonly metadataProps: readonly StringStringEntry[];
  /** Model-local functions, undecoded. */
  readonly functions: readonly Uint8Array[];
}

const stringStringEntry = message<StringStringEntry>('StringStringEntryProto', { key: optionalString(1), value: optionalString(2) });

const operatorSetId = message<OperatorSetId>('OperatorSetIdProto', { domain: optionalString(1), version: optionalInt(2) });

const tensor = message<TensorProto>('TensorProto', {
  dims: repeatedInt(1),
  dataType: optionalInt32(2),
  floatData: repeatedFloat(4, true),
  int32Data: repeatedInt32(5, true),
  int64Data: repeatedInt64(7, true),
  name: optionalString(8),
  rawData: optionalBytes(9),
  externalData: repeatedMessage(13, stringStringEntry),
  dataLocation: optionalInt32(14),
});

const attribute = message<AttributeProto>('AttributeProto', {
  name: optionalString(1),
  f: optionalFloat(2),
  i: optionalInt64(3),
  s: optionalBytes(4),
  t: optionalMessage(5, tensor),
  g: optionalBytes(6),
  floats: repeatedFloat(7),
  ints: repeatedInt64(8),
  strings: repeatedBytes(9),
  graphs: repeatedBytes(11),
  type: optionalInt32(20),
});

const node = message<NodeProto>('NodeProto', {
  input: repeatedString(1),
  output: repeatedString(2),
  name: optionalString(3),
  opType: optionalString(4),
  attribute: repeatedMessage(5, attribute),
  domain: optionalString(7),
});

const dimension = message<DimensionProto>('TensorShapeProto.Dimension', { dimValue: optionalInt(1), dimParam: optionalString(2) });
const tensorShape = message<TensorShapeProto>('TensorShapeProto', { dim: repeatedMessage(1, dimension) });
const tensorType = message<TensorTypeProto>('TypeProto.Tensor', { elemType: optionalInt32(1), shape: optionalMessage(2, tensorShape) });
const type = message<TypeProto>('TypeProto', { tensorType: optionalMessage(1, tensorType) });
const valueInfo = message<ValueInfoProto>('ValueInfoProto', { name: optionalString(1), type: optionalMessage(2, type) });

const graph = message<GraphProto>('GraphProto', {
  node: repeatedMessage(1, node),
  name: optionalString(2),
  initializer: repeatedMessage(5, tensor),
  input: repeatedMessage(11, valueInfo),
  output: repeatedMessage(12, valueInfo),
  valueInfo: repeatedMessage(13, valueInfo),
});

export const modelCodec: MessageCodec<ModelProto> = message<ModelProto>('ModelProto', {
  irVersion: optionalInt(1),
  producerName: optionalString(2),
  producerVersion: optionalString(3),
  graph: optionalMessage(7, graph),
  opsetImport: repeatedMessage(8, operatorSetId),
  metadataProps: repeatedMessage(14, stringStringEntry),
  functions: repeatedBytes(25),
});

/** TensorProto.DataType, the members takt handles. */
export const DataType = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9, float16: 10, double: 11 } as const;
export type DataType = (typeof DataType)[keyof typeof DataType];

/** AttributeProto.AttributeType, the members takt writes. */
export const AttributeType = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7 } as const;
