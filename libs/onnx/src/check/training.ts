import type { GraphIndex } from '../graph/graph-index.js';
import { OnnxErrorCode, onnxError } from '../onnx-error.js';
import type { ModelProto, NodeProto, TensorProto } from '../proto/messages.js';
import { attributeOf, intAttribute, nodeLabel } from '../proto/node.js';
import { splitFields } from '../wire/raw-field.js';

/** Domains of gradients and optimizers (ONNX operators of training). */
const TRAINING_DOMAINS: ReadonlySet<string> = new Set(['ai.onnx.training', 'ai.onnx.preview.training']);

/** Operators of the standard domain that only a loss has. */
const LOSSES: ReadonlySet<string> = new Set(['NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss']);

/** Gradients and optimizers as training frameworks name them, in whatever domain. */
const TRAINING_OPERATOR = /(?:Grad|Gradient|Optimizer|OptimizerV2)$|^(?:Adam|AdamW|Adagrad|Momentum)$/;

/** ModelProto.training_info: how a model is initialized and updated. */
const TRAINING_INFO = 20;

const DROPOUT_TRAINING_INPUT = 2;

const trainingGraph = (message: string, element?: string): Error => onnxError(OnnxErrorCode.trainingGraph, message, element);

/** @throws TaktError `OnnxTrainingGraph` for a model that carries its training along. */
export function refuseTrainingInfo({ unknown }: ModelProto): void {
  const carries = (unknown ?? []).some((bytes) => splitFields(bytes, 'ModelProto').some(({ no }) => no === TRAINING_INFO));
  if (carries) throw trainingGraph('the model carries how it is trained (training_info)');
}

/**
 * Told by the node alone, before its operator is looked up: these are named for what they are instead of "unknown".
 *
 * @throws TaktError `OnnxTrainingGraph`.
 */
export function refuseTrainingOperator(node: NodeProto): void {
  const op = node.opType ?? '';
  if (!TRAINING_DOMAINS.has(node.domain ?? '') && !LOSSES.has(op) && !TRAINING_OPERATOR.test(op)) return;
  const label = nodeLabel(node);
  throw trainingGraph(`${label} belongs to training (${op})`, label);
}

/**
 * Operators that behave otherwise while a model is trained: batch normalization with statistics of the batch, dropout that drops.
 *
 * @throws TaktError `OnnxTrainingGraph`.
 */
export function refuseTrainingMode(nodes: readonly NodeProto[], index: GraphIndex): void {
  for (const node of nodes) {
    const label = nodeLabel(node);
    if (node.opType === 'BatchNormalization') {
      const several = node.output.filter((name) => name !== '').length > 1;
      if (several || intAttribute(node, 'training_mode', 0) !== 0)
        throw trainingGraph(
          `${label} is batch normalization in training mode${several ? ' (it gives the statistics of the batch)' : ''}`,
          label,
        );
    }
    if (node.opType === 'Dropout' && isTrue(constantOf(node.input[DROPOUT_TRAINING_INPUT] ?? '', index)))
      throw trainingGraph(`${label} is dropout in training mode`, label);
  }
}

const constantOf = (name: string, index: GraphIndex): TensorProto | undefined => {
  const producer = index.producers.get(name);
  return index.initializers.get(name) ?? (producer?.opType === 'Constant' ? attributeOf(producer, 'value')?.t : undefined);
};

const isTrue = (tensor: TensorProto | undefined): boolean =>
  tensor !== undefined && (tensor.rawData?.some((byte) => byte !== 0) ?? tensor.int32Data.some((value) => value !== 0));
