export { checkModel, standardOpset } from './check/check-model.js';
export type { OperatorSets } from './check/check-model.js';
export type { Detector, Recognition } from './check/detector.js';
export { requireImageNetwork } from './check/image-network.js';
export type { ImageNetwork } from './check/image-network.js';
export { requireModelHead } from './check/model-head.js';
export { inspectModel, requireDetector } from './check/inspect-model.js';
export type { ModelInspection } from './check/inspect-model.js';
export { OPSET_RANGE } from './check/operators.js';
export type { ValueSpec } from './check/value-spec.js';
export { checkNodeOrder, indexGraph } from './graph/graph-index.js';
export type { GraphIndex, Use } from './graph/graph-index.js';
export { importModel, withFloat32Interface } from './import/import-model.js';
export type { ImportedModel } from './import/import-model.js';
export { OnnxErrorCode } from './onnx-error.js';
export { DataType } from './proto/messages.js';
export type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  OperatorSetId,
  StringStringEntry,
  TensorProto,
  TypeProto,
  ValueInfoProto,
} from './proto/messages.js';
export { MAX_MODEL_BYTES, checkModelSize, parseModel, serializeModel } from './proto/model-file.js';
export type { Model } from './proto/model-file.js';
export { fromFloat16, toFloat16 } from './proto/float16.js';
export { attributeOf, intAttribute, makeNode, nodeLabel } from './proto/node.js';
export type { AttributeValue } from './proto/node.js';
export {
  checkTensor,
  elementCount,
  float16Tensor,
  floatTensor,
  floatValues,
  int32Tensor,
  int32Values,
  int64Tensor,
  int64Values,
  int8Tensor,
  int8Values,
  uint8Tensor,
} from './proto/tensor.js';
