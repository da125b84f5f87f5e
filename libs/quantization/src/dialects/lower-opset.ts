import { attributeOf, int64Values, intAttribute, nodeLabel, standardOpset } from '@takt/onnx';
import type { AttributeProto, Model, NodeProto, TensorProto } from '@takt/onnx';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';

/** Where everything the emitters write can be said. */
const LOWEST = 13;
/** IR version of the releases around opset 15 to 18; newer ones add only data types that takt does not write. */
const NEWEST_IR = 8;

type Constants = ReadonlyMap<string, TensorProto>;

/** Something that an operator can say from one opset on. */
interface Feature {
  readonly since: number;
  /** The node as the opsets before spell it, the node itself where it does not use the feature, or undefined where they cannot. */
  readonly without: (node: NodeProto, constants: Constants) => NodeProto | undefined;
}

/**
 * The model at the lowest opset from 13 on that can say what its nodes say. Exporters write the newest opset they know and use
 * little of it, while the front ends of the runtimes on old boxes stopped years ago.
 *
 * @param newest the newest opset that the runtime reads.
 * @throws TaktError `QuantizationOpsetUnsupported` naming the node that needs a newer one.
 */
export function lowerOpset(model: Model, newest: number, runtime: string): Model {
  const opset = standardOpset(model) ?? 0;
  const constants: Constants = new Map(model.graph.initializer.map((tensor) => [tensor.name ?? '', tensor]));
  let target = LOWEST;
  for (const node of model.graph.node) {
    const needed = Math.min(opset, neededOpset(node, opset, constants));
    if (needed > newest) {
      throw quantizationError(
        QuantizationErrorCode.opset,
        `${nodeLabel(node)} (${node.opType ?? '?'}) needs opset ${String(needed)}; ${runtime} reads up to ${String(newest)}`,
        nodeLabel(node),
      );
    }
    target = Math.max(target, needed);
  }
  if (opset <= target) return model;
  const node = model.graph.node.map((current) =>
    featuresOf(current)
      .filter(({ since }) => since > target && since <= opset)
      .reduce((lowered, { without }) => without(lowered, constants) ?? lowered, current),
  );
  return {
    ...model,
    irVersion: Math.min(model.irVersion ?? NEWEST_IR, NEWEST_IR),
    opsetImport: model.opsetImport.map((each) => (isStandard(each.domain) ? { ...each, version: target } : each)),
    graph: { ...model.graph, node },
  };
}

const isStandard = (domain: string | undefined): boolean => domain === undefined || domain === '' || domain === 'ai.onnx';

function neededOpset(node: NodeProto, opset: number, constants: Constants): number {
  const features = featuresOf(node).filter(({ since, without }) => since <= opset && without(node, constants) === undefined);
  return Math.max(FIRST_OPSET.get(node.opType ?? '') ?? 0, ...features.map(({ since }) => since));
}

const without = (node: NodeProto, name: string): NodeProto => ({ ...node, attribute: node.attribute.filter((each) => each.name !== name) });

/** An attribute that may go where it says what was always so. */
const attribute = (since: number, name: string, isNeutral: (value: AttributeProto) => boolean): Feature => ({
  since,
  without: (node) => {
    const given = attributeOf(node, name);
    return given === undefined ? node : isNeutral(given) ? without(node, name) : undefined;
  },
});
const isZero = ({ i }: AttributeProto): boolean => (i ?? 0n) === 0n;
const says =
  (text: string) =>
  ({ s }: AttributeProto): boolean =>
    String.fromCharCode(...(s ?? [])) === text;
const never = (): boolean => false;
const always = (): boolean => true;

/** A value of an old attribute that came later. */
const mode = (since: number, name: string, added: string): Feature => ({
  since,
  without: (node) => {
    const given = attributeOf(node, name);
    return given !== undefined && says(added)(given) ? undefined : node;
  },
});

/** `axes` was an attribute before it was an input. */
const axesInput: Feature = {
  since: 18,
  without: (node, constants) => {
    const { input } = node;
    const noop = intAttribute(node, 'noop_with_empty_axes', 0) !== 0;
    const bare = without({ ...node, input: input.slice(0, 1) }, 'noop_with_empty_axes');
    const name = input[1] ?? '';
    if (name === '') return noop ? undefined : bare;
    const axes = constants.get(name);
    if (axes === undefined) return undefined;
    const ints = [...int64Values(axes)];
    if (ints.length === 0) return noop ? undefined : bare;
    const attribute: AttributeProto = { name: 'axes', type: INTS, floats: [], ints, strings: [], graphs: [] };
    return { ...bare, attribute: [...bare.attribute, attribute] };
  },
};
const INTS = 7;

/** An input that may not be there. */
const extraInput = (since: number, index: number): Feature => ({
  since,
  without: (node) => ((node.input[index] ?? '') === '' ? { ...node, input: node.input.slice(0, index) } : undefined),
});

const unsayable = (since: number): Feature => ({ since, without: () => undefined });

const REDUCTIONS = 'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare'.split(' ');
const scatter = [attribute(16, 'reduction', says('none'))];

const FEATURES: ReadonlyMap<string, readonly Feature[]> = new Map<string, readonly Feature[]>([
  ['Reshape', [attribute(14, 'allowzero', isZero)]],
  ['BatchNormalization', [attribute(14, 'training_mode', isZero)]],
  ['Shape', [attribute(15, 'start', isZero), attribute(15, 'end', never)]],
  ['ScatterElements', scatter],
  ['ScatterND', scatter],
  // What was always so before opset 16 is said by an attribute since; without it a box lies half a pixel elsewhere.
  [
    'RoiAlign',
    [
      {
        since: 16,
        without: (node) => {
          const given = attributeOf(node, 'coordinate_transformation_mode');
          return given !== undefined && says('output_half_pixel')(given) ? without(node, 'coordinate_transformation_mode') : undefined;
        },
      },
    ],
  ],
  [
    'Resize',
    [
      attribute(18, 'antialias', isZero),
      attribute(18, 'keep_aspect_ratio_policy', says('stretch')),
      attribute(18, 'axes', never),
      mode(19, 'coordinate_transformation_mode', 'half_pixel_symmetric'),
    ],
  ],
  // Before opset 18 the parts are as many as the outputs, and equal.
  ['Split', [attribute(18, 'num_outputs', always)]],
  ['Pad', [extraInput(18, 3), mode(19, 'mode', 'wrap')]],
  ['Cast', [attribute(19, 'saturate', always)]],
  ['AveragePool', [attribute(19, 'dilations', ({ ints }) => ints.every((each) => each === 1n))]],
  // Its modes have other names from opset 20 on.
  ['GridSample', [unsayable(20)]],
  ['GroupNormalization', [unsayable(21)]],
  ...REDUCTIONS.map((op): [string, readonly Feature[]] => [op, [axesInput]]),
]);

const featuresOf = (node: NodeProto): readonly Feature[] => FEATURES.get(node.opType ?? '') ?? [];

/** Operators that are younger than opset 13. */
const FIRST_OPSET: ReadonlyMap<string, number> = new Map(
  Object.entries({
    14: 'HardSwish Trilu',
    15: 'Bernoulli CastLike Optional OptionalGetElement OptionalHasElement',
    16: 'GridSample',
    17: 'BlackmanWindow DFT HammingWindow HannWindow LayerNormalization MelWeightMatrix STFT SequenceMap',
    18: 'BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CenterCropPad Col2Im GroupNormalization Mish',
    19: 'DeformConv',
    20: 'AffineGrid Gelu ImageDecoder RegexFullMatch StringConcat StringSplit',
  }).flatMap(([opset, names]) => names.split(' ').map((name): [string, number] => [name, Number(opset)])),
);
