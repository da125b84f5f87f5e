import { CONTRIB_DOMAIN, CONTRIB_OPERATORS } from './contrib-operators.js';
import { checkNodeOrder, indexGraph } from '../graph/graph-index.js';
import type { GraphIndex } from '../graph/graph-index.js';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { ModelProto, NodeProto } from '../proto/messages.js';
import type { Model } from '../proto/model-file.js';
import { nodeLabel } from '../proto/node.js';
import { checkTensor } from '../proto/tensor.js';
import { checkConstantSizes } from './constant-sizes.js';
import { checkInterfaceShapes } from './interface-shapes.js';
import { CONTROL_FLOW_OPERATORS, OPSET_RANGE, STANDARD_OPERATORS } from './operators.js';
import { refuseTrainingInfo, refuseTrainingMode, refuseTrainingOperator } from './training.js';

const isStandard = (domain: string | undefined): boolean => domain === undefined || domain === '' || domain === 'ai.onnx';

/** Version of the standard operators that a model uses, undefined where it names none. */
export const standardOpset = (model: ModelProto): number | undefined => model.opsetImport.find((o) => isStandard(o.domain))?.version;

/** Whose operators a model may have: standard ones alone, or those of ONNX Runtime as well, which no other engine runs. */
export type OperatorSets = 'standard' | 'onnxruntime';

/**
 * Checks everything takt asks of a model before it works with it: opset, operators, weights inside the file, no control
 * flow, no training, a valid acyclic graph, and nothing that grows beyond all memory when it is folded.
 *
 * @returns the index it had to build anyway.
 * @throws TaktError with an `OnnxErrorCode`.
 */
export function checkModel(model: Model, operators: OperatorSets = 'standard'): GraphIndex {
  const opset = standardOpset(model);
  if (opset === undefined || opset < OPSET_RANGE.min || opset > OPSET_RANGE.max) {
    throw onnxError(
      OnnxErrorCode.opset,
      opset === undefined
        ? 'the model names no version of the standard operators'
        : `the model uses opset ${String(opset)}; takt reads ${String(OPSET_RANGE.min)} to ${String(OPSET_RANGE.max)}`,
    );
  }
  refuseTrainingInfo(model);
  if (model.functions.length > 0) throw onnxError(OnnxErrorCode.foreignDomain, 'the model defines operators of its own (functions)');
  for (const node of model.graph.node) checkNode(node, operators);
  for (const tensor of model.graph.initializer) checkTensor(tensor);
  const index = indexGraph(model.graph);
  checkNodeOrder(model.graph, index);
  checkInterfaceShapes(model.graph);
  refuseTrainingMode(model.graph.node, index);
  checkConstantSizes(model.graph, index);
  return index;
}

function checkNode(node: NodeProto, operators: OperatorSets): void {
  const op = node.opType ?? '';
  const label = nodeLabel(node);
  refuseTrainingOperator(node);
  if (operators === 'onnxruntime' && node.domain === CONTRIB_DOMAIN && CONTRIB_OPERATORS.has(op)) return;
  if (!isStandard(node.domain)) {
    throw onnxError(OnnxErrorCode.foreignDomain, `${label} uses operator ${op} of domain "${String(node.domain)}"`, label);
  }
  if (CONTROL_FLOW_OPERATORS.has(op) || node.attribute.some((a) => a.g !== undefined || a.graphs.length > 0)) {
    throw onnxError(OnnxErrorCode.controlFlow, `${label} is control flow (${op})`, label);
  }
  if (!STANDARD_OPERATORS.has(op)) throw onnxError(OnnxErrorCode.unknownOperator, `${label} uses the unknown operator "${op}"`, label);
  for (const { t } of node.attribute) if (t !== undefined) checkTensor(t);
}
