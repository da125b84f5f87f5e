import { DataType, floatTensor, int32Tensor, int8Tensor, makeNode, uint8Tensor } from '@takt/onnx';
import type { Model, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';
import type { AffineParameters } from '../math/affine.js';

/** Integer type of quantized activations. */
export type ActivationType = 'uint8' | 'int8';

/** Builds the quantized graph: collects Q/DQ pairs and constants, then writes them around the nodes they belong to. */
export class QdqWriter {
  private readonly model: Model;
  private readonly type: ActivationType;
  private readonly initializers: TensorProto[] = [];
  /** Nodes to put right after the producer of a value (or first, for graph inputs). */
  private readonly after = new Map<string, readonly NodeProto[]>();
  private readonly before = new Map<NodeProto, readonly NodeProto[]>();
  private readonly dequantized = new Map<string, string>();
  private readonly readers = new Map<string, ReadonlySet<NodeProto>>();
  private readonly byteInputs = new Set<string>();
  private readonly integerOutputs = new Map<string, string>();
  /** Outputs of the graph that are given as they are after rounding: what the node that makes them calls them now. */
  private readonly roundedOutputs = new Map<string, string>();
  private readonly replaced = new Map<NodeProto, NodeProto>();

  constructor(model: Model, type: ActivationType) {
    this.model = model;
    this.type = type;
  }

  /** Puts a Q/DQ pair on a value; all its readers, or those given, read the dequantized form. */
  activation(value: string, affine: AffineParameters, readers?: ReadonlySet<NodeProto>): void {
    if (readers !== undefined) this.readers.set(value, readers);
    const parameters = this.parameters(value, affine, this.type);
    // Where only some readers get the rounded form, an output stays as it is.
    const isOutput = readers === undefined && this.model.graph.output.some(({ name }) => name === value);
    if (isOutput) this.roundedOutputs.set(value, `${value}_float`);
    this.after.set(value, [
      quantizeNode(value, parameters, this.roundedOutputs.get(value)),
      this.dequantize(value, `${value}_q`, parameters, isOutput ? value : undefined),
    ]);
  }

  /** Takes a graph input as uint8 and scales it in the graph, so that pixels go in as they are. */
  byteInput(value: string, scale: number): void {
    this.after.set(value, [this.dequantize(value, value, this.parameters(value, { scale, zeroPoint: 0 }, 'uint8'))]);
    this.byteInputs.add(value);
  }

  /** Gives a graph output as uint8 instead of float; its new name. */
  integerOutput(value: string, affine: AffineParameters): string {
    const quantized = `${value}_q`;
    this.after.set(value, [quantizeNode(value, this.parameters(value, affine, 'uint8'))]);
    this.integerOutputs.set(value, quantized);
    return quantized;
  }

  /** Names of the scale and the zero point of a value, as constants. */
  private parameters(value: string, { scale, zeroPoint }: AffineParameters, type: ActivationType): readonly [string, string] {
    const [scaleName, zeroName] = [`${value}_scale`, `${value}_zero_point`];
    this.initializers.push(
      floatTensor(scaleName, [], Float32Array.of(scale)),
      type === 'uint8' ? uint8Tensor(zeroName, [], Uint8Array.of(zeroPoint)) : int8Tensor(zeroName, [], Int8Array.of(zeroPoint)),
    );
    return [scaleName, zeroName];
  }

  /** The node through which the readers of a value get it. */
  private dequantize(
    value: string,
    quantized: string,
    parameters: readonly [string, string],
    dequantized: string = `${value}_dq`,
  ): NodeProto {
    this.dequantized.set(value, dequantized);
    return makeNode('DequantizeLinear', `${value}_DequantizeLinear`, [quantized, ...parameters], [dequantized]);
  }

  /**
   * Replaces the weights and bias of a node by integer constants behind DQ; one scale is per tensor, several are per channel.
   *
   * @param floatBias a bias that stays in float.
   */
  weights(node: NodeProto, constants: readonly (QuantizedConstant | undefined)[], floatBias?: Float32Array): void {
    const label = node.output[0] ?? '';
    const input = [...node.input];
    const added: NodeProto[] = [];
    constants.forEach((constant, i) => {
      if (constant === undefined) return;
      const base = `${label}_${i === 0 ? 'weight' : 'bias'}`;
      const { values, scales, dims, axis = 0 } = constant;
      const perAxis = scales.length > 1;
      const scaleDims = perAxis ? [scales.length] : [];
      const isBias = values instanceof Int32Array;
      this.initializers.push(
        isBias ? int32Tensor(`${base}_q`, dims, values) : int8Tensor(`${base}_q`, dims, values),
        floatTensor(`${base}_scale`, scaleDims, scales),
        isBias
          ? int32Tensor(`${base}_zero_point`, scaleDims, new Int32Array(scales.length))
          : int8Tensor(`${base}_zero_point`, scaleDims, new Int8Array(scales.length)),
      );
      const inputs = [`${base}_q`, `${base}_scale`, `${base}_zero_point`];
      added.push(makeNode('DequantizeLinear', `${base}_DequantizeLinear`, inputs, [`${base}_dq`], perAxis ? { axis: BigInt(axis) } : {}));
      input[i + 1] = `${base}_dq`;
    });
    if (floatBias !== undefined) {
      const name = `${label}_bias`;
      this.initializers.push(floatTensor(name, [floatBias.length], floatBias));
      input[2] = name;
    }
    this.before.set(node, added);
    this.replaced.set(node, { ...node, input });
  }

  /** The finished model: Q/DQ in topological order, constants that nothing reads any more left out. */
  finish(): Model {
    const { graph } = this.model;
    const nodes: NodeProto[] = [];
    const follow = (value: string): void => void nodes.push(...(this.after.get(value) ?? []));
    for (const { name } of graph.input) follow(name ?? '');
    for (const node of graph.node) {
      nodes.push(...(this.before.get(node) ?? []));
      const current = this.replaced.get(node) ?? node;
      const reads = (name: string): boolean => this.readers.get(name)?.has(node) ?? true;
      const input = current.input.map((name) => (reads(name) ? (this.dequantized.get(name) ?? name) : name));
      const made = current.output.map((name) => this.roundedOutputs.get(name) ?? name);
      const same = input.every((name, i) => name === current.input[i]) && made.every((name, i) => name === current.output[i]);
      nodes.push(same ? current : { ...current, input, output: made });
      node.output.forEach(follow);
    }
    const read = new Set(nodes.flatMap((node) => node.input));
    const output = graph.output.map((info) => {
      const integer = this.integerOutputs.get(info.name ?? '');
      return integer === undefined ? info : withElementType({ ...info, name: integer }, DataType.uint8);
    });
    for (const { name } of output) read.add(name ?? '');
    const initializer = [...graph.initializer, ...this.initializers].filter(({ name }) => read.has(name ?? ''));
    const kept = new Set(initializer.map(({ name }) => name));
    const weightInputs = new Set(graph.initializer.map(({ name }) => name));
    return {
      ...this.model,
      graph: {
        ...graph,
        node: nodes,
        initializer,
        output,
        input: graph.input
          .filter(({ name }) => !weightInputs.has(name) || kept.has(name))
          .map((info) => (this.byteInputs.has(info.name ?? '') ? withElementType(info, DataType.uint8) : info)),
      },
    };
  }
}

const quantizeNode = (value: string, parameters: readonly [string, string], source = value): NodeProto =>
  makeNode('QuantizeLinear', `${value}_QuantizeLinear`, [source, ...parameters], [`${value}_q`]);

const withElementType = (info: ValueInfoProto, elemType: DataType): ValueInfoProto => ({
  ...info,
  type: { ...info.type, tensorType: { ...info.type?.tensorType, elemType } },
});

/** Integer constant with zero point 0. */
export interface QuantizedConstant {
  readonly values: Int8Array | Int32Array;
  readonly scales: Float32Array;
  readonly dims: readonly number[];
  /** Along which the scales lie. Default 0. */
  readonly axis?: number;
}
