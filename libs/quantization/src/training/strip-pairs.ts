import { DETECTOR_METADATA } from '@takt/evaluation';
import { DataType, attributeOf, floatTensor, indexGraph, intAttribute, nodeLabel } from '@takt/onnx';
import type { GraphIndex, GraphProto, Model, NodeProto, TensorProto } from '@takt/onnx';
import { integersOf, pairParameters } from '../dialects/quantized-graph.js';
import type { PairParameters } from '../dialects/quantized-graph.js';
import { prune } from '../graph/cut.js';
import { INT8, UINT8, coveredRange } from '../math/affine.js';
import type { Range } from '../math/affine.js';
import { QuantizationErrorCode, quantizationError } from '../quantization-error.js';
import { foldedScales } from './folded-scales.js';
import type { TrainedScales } from './trained-scales.js';

/** A model that was trained with rounding: in float, and what its Q and DQ nodes said. */
export interface StrippedModel {
  readonly model: Model;
  readonly scales: TrainedScales;
}

/** Operators that compute in integers: what they read was rounded for good, and takt has nothing better to make of it. */
const INTEGER_OPERATORS = /^(?:QLinear|DynamicQuantize|ConvInteger$|MatMulInteger$|QGemm$|QAttention$)/;

/**
 * Refuses what was quantized for good. Asked before the import check, which would speak of an operator's domain or an input's type.
 *
 * @throws TaktError `ModelAlreadyQuantized` where operators compute in integers, or takt's own metadata say that it made the file.
 */
export function requireUnquantized({ graph, metadataProps }: Pick<Model, 'graph' | 'metadataProps'>): void {
  const refuse = (what: string, element: string): Error =>
    quantizationError(QuantizationErrorCode.alreadyQuantized, `${what}: the model is quantized already`, element);
  const integer = graph.node.find(({ opType }) => INTEGER_OPERATORS.test(opType ?? ''));
  if (integer !== undefined) throw refuse(`${nodeLabel(integer)} (${integer.opType ?? ''}) computes in integers`, nodeLabel(integer));
  if (metadataProps.some(({ key }) => key === DETECTOR_METADATA)) throw refuse('takt made this file', DETECTOR_METADATA);
}

/**
 * Takes the Q and DQ nodes out of a model that quantization-aware training gave, and keeps what they say. Weights that were
 * stored as integers become the real values that these stand for.
 *
 * @returns undefined for a model without such nodes.
 * @throws TaktError of `requireUnquantized`, and `TrainedScalesUnreadable` naming the node whose
 * parameters are not constants, not int8 or uint8, or that has no partner.
 */
export function stripPairs(model: Model): StrippedModel | undefined {
  requireUnquantized(model);
  if (!model.graph.node.some(({ opType }) => opType === 'QuantizeLinear' || opType === 'DequantizeLinear')) return undefined;
  const graph = inlineConstants(model.graph);
  return new PairStripper(model, graph).strip();
}

class PairStripper {
  private readonly index: GraphIndex;
  /** What stands for the output of a DQ node: a value of the float model. */
  private readonly aliases = new Map<string, string>();
  private readonly ranges = new Map<string, Range>();
  /** Scales of constants by the DQ node's output, since convolutions that share weights may have rounded them differently. */
  private readonly constantScales = new Map<string, readonly number[] | null>();
  /** Real values of stored integers, by the DQ node's output. */
  private readonly added = new Map<string, TensorProto>();

  private readonly model: Model;
  private readonly graph: GraphProto;

  constructor(model: Model, graph: GraphProto) {
    this.model = model;
    this.graph = graph;
    this.index = indexGraph(graph);
  }

  strip(): StrippedModel {
    for (const node of this.graph.node) {
      if (node.opType === 'QuantizeLinear') this.requirePartners(node);
      if (node.opType === 'DequantizeLinear') this.dequantize(node);
    }
    const node = this.graph.node.flatMap((current) => this.rewire(current));
    const outputs = this.graph.output.flatMap(({ name = '' }): NodeProto[] => {
      const source = this.aliases.get(name);
      return source === undefined ? [] : [{ opType: 'Identity', name: `${name}_float`, input: [source], output: [name], attribute: [] }];
    });
    const graph = prune({
      ...this.graph,
      node: [...node, ...outputs],
      initializer: [...this.graph.initializer, ...this.added.values()],
      valueInfo: [],
    });
    return { model: { ...this.model, graph: renameConstants(graph) }, scales: { ranges: this.ranges, weights: this.weightsOf(graph) } };
  }

  private weightsOf(graph: GraphProto): TrainedScales['weights'] {
    const index = indexGraph(graph);
    return new Map(
      this.graph.node.flatMap((node) => {
        const scales = node.opType === 'Conv' ? this.constantScales.get(node.input[1] ?? '') : undefined;
        return scales === undefined ? [] : [...foldedScales(node.output[0] ?? '', scales, index)];
      }),
    );
  }

  private rewire(node: NodeProto): NodeProto[] {
    if (node.opType === 'QuantizeLinear' || node.opType === 'DequantizeLinear') return [];
    if (!node.input.some((name) => this.aliases.has(name))) return [node];
    return [{ ...node, input: node.input.map((name) => this.aliases.get(name) ?? name) }];
  }

  private requirePartners(node: NodeProto): void {
    const output = node.output[0] ?? '';
    const stranger = this.index.usesOf(output).find((use) => use.node.opType !== 'DequantizeLinear');
    if (stranger !== undefined || this.index.outputs.has(output))
      throw unreadable(
        node,
        `its integers are read by ${stranger === undefined ? 'the outside' : nodeLabel(stranger.node)}, not by a DQ node`,
      );
  }

  private dequantize(node: NodeProto): void {
    const [integers = '', ,] = node.input;
    const output = node.output[0] ?? '';
    const stored = this.index.initializers.get(integers);
    const parameters = this.parametersOf(node);
    if (stored !== undefined) {
      this.added.set(output, floatTensor(output, stored.dims, realValues(stored, parameters, node)));
      this.constantScales.set(output, weightScales(parameters, stored));
      return;
    }
    const quantize = this.index.producers.get(integers);
    if (quantize?.opType !== 'QuantizeLinear') throw unreadable(node, `"${integers}", which it reads, is not made by a Q node`);
    if (!sameParameters(this.parametersOf(quantize), parameters))
      throw unreadable(node, `its parameters are not those of ${nodeLabel(quantize)}`);
    const read = quantize.input[0] ?? '';
    const source = this.aliases.get(read) ?? read;
    this.aliases.set(output, source);
    const constant = this.index.initializers.get(source) ?? this.added.get(source);
    if (constant !== undefined) {
      this.constantScales.set(output, weightScales(parameters, constant));
      return;
    }
    this.ranges.set(source, widest(this.ranges.get(source), activationRange(parameters, node)));
  }

  private parametersOf(node: NodeProto): PairParameters {
    const found = pairParameters(node, this.index.initializers);
    if (found === undefined) throw unreadable(node, 'its scale or zero point is not a constant');
    const parameters = found.hasZeroPoint ? found : { ...found, type: this.typeRead(node) ?? found.type };
    if (intAttribute(node, 'block_size', 0) !== 0) throw unreadable(node, 'it has a scale for each block of values');
    const bad = parameters.scales.find((scale) => !(scale > 0 && Number.isFinite(scale)));
    if (bad !== undefined || parameters.scales.length === 0) throw unreadable(node, `its scale is ${String(bad)}`);
    return parameters;
  }

  /** Type of the integers that a DQ node reads: where it has no zero point, it goes by them. */
  private typeRead({ opType, input: [integers = ''] }: NodeProto): DataType | undefined {
    if (opType !== 'DequantizeLinear') return undefined;
    const stored = this.index.initializers.get(integers);
    if (stored !== undefined) return stored.dataType as DataType;
    const quantize = this.index.producers.get(integers);
    return quantize && pairParameters(quantize, this.index.initializers)?.type;
  }
}

/** Pairs of one value that different readers have: what any of them covers must be covered. */
const widest = (a: Range | undefined, b: Range): Range =>
  a === undefined ? b : { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };

function activationRange(parameters: PairParameters, node: NodeProto): Range {
  const { scales, zeroPoints, type } = parameters;
  if (scales.length > 1)
    throw unreadable(node, 'it rounds an activation with a scale for each channel, which no runtime of takt computes with');
  if (type !== DataType.int8 && type !== DataType.uint8) throw unreadable(node, 'its integers have another type than int8 and uint8');
  const [scale = 1] = scales;
  const [zeroPoint = 0] = zeroPoints;
  const range = coveredRange({ scale, zeroPoint }, type === DataType.int8 ? INT8 : UINT8);
  // Symmetric int8: trainers count 127 steps to either side; −128 is never made by a scale of amax / 127.
  return type === DataType.int8 && zeroPoint === 0 ? { low: -range.high, high: range.high } : range;
}

/** Scales of constants as takt's emitters can use them: symmetric int8, one per output channel. */
function weightScales({ scales, zeroPoints, type, axis }: PairParameters, { dims }: TensorProto): readonly number[] | null {
  const [channels = 1] = dims;
  if (type !== DataType.int8 || zeroPoints.some((zeroPoint) => zeroPoint !== 0)) return null;
  if (scales.length === 1) return new Array<number>(channels).fill(scales[0] ?? 1);
  return (axis === 0 || axis === -dims.length) && scales.length === channels ? [...scales] : null;
}

/** `scale · (q − zeroPoint)` of stored integers, with the parameters along their axis. */
function realValues(stored: TensorProto, { scales, zeroPoints, axis }: PairParameters, node: NodeProto): Float32Array {
  if (stored.dataType !== DataType.int8 && stored.dataType !== DataType.uint8 && stored.dataType !== DataType.int32)
    throw unreadable(node, `the constant "${stored.name ?? ''}" has another type than int8, uint8 and int32`);
  const integers = integersOf(stored);
  const { dims } = stored;
  const at = axis < 0 ? axis + dims.length : axis;
  const channels = dims[at] ?? 1;
  if (scales.length > 1 && scales.length !== channels)
    throw unreadable(node, `it has ${String(scales.length)} scales for ${String(channels)} channels of "${stored.name ?? ''}"`);
  const inner = dims.slice(at + 1).reduce((product, dim) => product * dim, 1);
  return Float32Array.from(integers, (value, i) => {
    const channel = scales.length === 1 ? 0 : Math.floor(i / inner) % channels;
    return (value - (zeroPoints[zeroPoints.length === 1 ? 0 : channel] ?? 0)) * (scales[channel] ?? 1);
  });
}

function sameParameters(a: PairParameters, b: PairParameters): boolean {
  const same = (x: ArrayLike<number>, y: ArrayLike<number>): boolean =>
    x.length === y.length && Array.prototype.every.call(x, (value, i) => value === y[i]);
  return a.type === b.type && same(a.scales, b.scales) && same(a.zeroPoints, b.zeroPoints) && (a.scales.length === 1 || a.axis === b.axis);
}

/** So that no constant has a name that an emitter gives: the model may be a file that one of them wrote. */
function renameConstants(graph: GraphProto): GraphProto {
  const names = new Map(graph.initializer.map(({ name = '' }) => [name, `${name}_trained`]));
  const renamed = (name: string): string => names.get(name) ?? name;
  return {
    ...graph,
    initializer: graph.initializer.map((tensor) => ({ ...tensor, name: renamed(tensor.name ?? '') })),
    input: graph.input.map((info) => ({ ...info, name: renamed(info.name ?? '') })),
    node: graph.node.map((node) => (node.input.some((name) => names.has(name)) ? { ...node, input: node.input.map(renamed) } : node)),
  };
}

/** Constant nodes as initializers: exporters give scales either way. */
function inlineConstants(graph: GraphProto): GraphProto {
  const constants: TensorProto[] = [];
  const node = graph.node.filter((current) => {
    const tensor = current.opType === 'Constant' ? attributeOf(current, 'value')?.t : undefined;
    if (tensor === undefined) return true;
    constants.push({ ...tensor, name: current.output[0] ?? '' });
    return false;
  });
  return { ...graph, node, initializer: [...graph.initializer, ...constants] };
}

const unreadable = (node: NodeProto, why: string): Error =>
  quantizationError(
    QuantizationErrorCode.trainedScalesUnreadable,
    `what ${nodeLabel(node)} was trained with cannot be used: ${why}`,
    nodeLabel(node),
  );
