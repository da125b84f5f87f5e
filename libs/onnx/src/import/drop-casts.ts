import { DataType } from '../proto/messages.js';
import type { GraphProto, NodeProto } from '../proto/messages.js';
import { intAttribute } from '../proto/node.js';

/** Operators whose output has the type of their first input. A Cast behind any other stays: it may be one from integers. */
const KEEPS_TYPE: ReadonlySet<string> = new Set(
  `
  Abs Add AveragePool BatchNormalization Ceil Clip Concat Conv ConvTranspose Cos DepthToSpace Div Dropout Elu Erf Exp Expand Flatten
  Floor Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool GroupNormalization HardSigmoid HardSwish Identity
  InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax MatMul Max MaxPool Mean Min Mish Mul Neg PRelu Pad Pow
  Reciprocal ReduceL2 ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize Round ScatterElements ScatterND Sigmoid Sin Slice
  Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Upsample
  `
    .trim()
    .split(/\s+/),
);

/** Whether each value is float32, as far as that follows from the types of inputs and weights. */
function floatNames({ input, initializer, node }: GraphProto): ReadonlySet<string> {
  const floats = new Set<string>();
  for (const { name = '', type } of input) if (type?.tensorType?.elemType === DataType.float) floats.add(name);
  for (const { name = '', dataType } of initializer) if (dataType === DataType.float) floats.add(name);
  for (const each of node) if (makesFloat(each, floats)) floats.add(each.output[0] ?? '');
  return floats;
}

function makesFloat(node: NodeProto, floats: Set<string>): boolean {
  if (node.opType === 'Cast') return intAttribute(node, 'to', 0) === DataType.float;
  if (node.opType === 'Constant') return node.attribute.some(({ t, f }) => t?.dataType === DataType.float || f !== undefined);
  if (!KEEPS_TYPE.has(node.opType ?? '') || !floats.has(node.input[0] ?? '')) return false;
  if (node.opType === 'Split') for (const name of node.output) floats.add(name);
  return true;
}

/**
 * The graph without Casts from float32 to float32. Names of inputs and outputs stay: where such a Cast made an output, what it read
 * takes the output's name; where that is an input or an output itself, the Cast stays.
 *
 * @param graph in an order in which each node reads what was made before.
 */
export function dropCasts(graph: GraphProto): GraphProto {
  const floats = floatNames(graph);
  const outputs = new Set(graph.output.map(({ name }) => name ?? ''));
  const made = new Set<string>();
  /** What a dropped Cast's output is called now. */
  const alias = new Map<string, string>();
  /** Values that take the name of an output. */
  const promoted = new Map<string, string>();
  const kept: NodeProto[] = [];
  for (const node of graph.node) {
    const [output = ''] = node.output;
    const given = node.input[0] ?? '';
    const source = alias.get(given) ?? given;
    if (node.opType === 'Cast' && floats.has(given) && intAttribute(node, 'to', 0) === DataType.float) {
      if (!outputs.has(output)) {
        alias.set(output, source);
        continue;
      }
      if (made.has(source) && !outputs.has(source) && !promoted.has(source)) {
        promoted.set(source, output);
        continue;
      }
    }
    for (const name of node.output) made.add(name);
    kept.push(node);
  }
  if (kept.length === graph.node.length) return graph;
  const now = (name: string): string => {
    const source = alias.get(name) ?? name;
    return promoted.get(source) ?? source;
  };
  const changed = (name: string): boolean => now(name) !== name;
  const renamed = (node: NodeProto): NodeProto =>
    node.input.some(changed) || node.output.some(changed) ? { ...node, input: node.input.map(now), output: node.output.map(now) } : node;
  return { ...graph, node: kept.map(renamed), valueInfo: graph.valueInfo.filter(({ name = '' }) => !changed(name)) };
}
