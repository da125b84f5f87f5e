import { attributeOf, int64Tensor, intAttribute, standardOpset } from '@takt/onnx';
import type { Model, NodeProto, TensorProto } from '@takt/onnx';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';

/** First opset whose DequantizeLinear takes one scale per channel. */
const PER_CHANNEL_OPSET = 13;
/** First IR version that goes with opset 13. */
const IR_VERSION = 7;

const isStandard = (domain: string | undefined): boolean => domain === undefined || domain === '' || domain === 'ai.onnx';

/**
 * Takes a folded model to the form the emitters need: only the operator sets it uses (ONNX Runtime adds all it knows), no
 * stale shape annotations, and opset 13 or newer.
 *
 * @throws TaktError `QuantizationOpsetUnsupported` for a model below opset 13 with an operator whose meaning changed.
 */
export function toPortableModel(model: Model): Model {
  const used = new Set(model.graph.node.map(({ domain }) => (isStandard(domain) ? '' : domain)));
  const opsetImport = model.opsetImport.filter(({ domain }) => used.has(isStandard(domain) ? '' : domain));
  const trimmed: Model = { ...model, opsetImport, graph: { ...model.graph, valueInfo: [] } };
  const opset = standardOpset(model) ?? 0;
  return opset >= PER_CHANNEL_OPSET ? trimmed : raiseOpset(trimmed, opset);
}

/** Operators that take their `axes` or `split` as an input from opset 13 on. */
const MOVED_ATTRIBUTE: Readonly<Record<string, string>> = { Squeeze: 'axes', Unsqueeze: 'axes', ReduceSum: 'axes', Split: 'split' };
/** Operators that flatten before opset 13 and do not from 13 on. */
const CHANGED = new Set(['Softmax', 'LogSoftmax', 'Hardmax']);

function raiseOpset(model: Model, opset: number): Model {
  const added: TensorProto[] = [];
  const node = model.graph.node.map((current): NodeProto => {
    const op = current.opType ?? '';
    if (CHANGED.has(op) && intAttribute(current, 'axis', 1) !== -1) {
      throw quantizationError(
        QuantizationErrorCode.opset,
        `the model uses opset ${String(opset)} with ${op}, whose meaning changed in opset 13`,
        current.name,
      );
    }
    const moved = MOVED_ATTRIBUTE[op];
    const attribute = moved === undefined ? undefined : attributeOf(current, moved);
    if (attribute === undefined) return current;
    const name = `${current.output[0] ?? op}_${attribute.name ?? ''}`;
    added.push(int64Tensor(name, [attribute.ints.length], BigInt64Array.from(attribute.ints)));
    return { ...current, input: [...current.input, name], attribute: current.attribute.filter((a) => a !== attribute) };
  });
  return {
    ...model,
    irVersion: Math.max(model.irVersion ?? 0, IR_VERSION),
    opsetImport: model.opsetImport.map((o) => (isStandard(o.domain) ? { ...o, version: PER_CHANNEL_OPSET } : o)),
    graph: { ...model.graph, node, initializer: [...model.graph.initializer, ...added] },
  };
}
