import { BOX_TERMS } from '@takt/evaluation';
import { DataType, floatTensor, inspectModel, int64Tensor, makeNode, parseModel, serializeModel } from '@takt/onnx';
import type { Model, ModelInspection, NodeProto, OperatorSets, TensorProto, ValueInfoProto } from '@takt/onnx';
import { recognizeRawHeads } from './raw-heads.js';
import type { RawHeads, RawScale } from './raw-heads.js';

export interface DecodedModel {
  readonly bytes: Uint8Array;
  readonly inspection: ModelInspection;
  /** What was added, in words. */
  readonly change: string;
}

/** Name of the output that is added. */
const OUTPUT = 'takt_detections';

/**
 * Gives a YOLOv5 or YOLOv7 model that ends in raw heads the decode of their export: a first output 1×N×(5+C), rows over scale, anchor, y,
 * x. The raw outputs stay behind it, so that whoever reads them goes on doing so.
 *
 * @returns undefined for any other model.
 */
export function decodeRawHeads(bytes: Uint8Array, operators: OperatorSets = 'standard'): DecodedModel | undefined {
  const inspection = inspectModel(bytes, operators);
  if (inspection.detector.family !== 'unknown') return undefined;
  const heads = recognizeRawHeads(inspection);
  if (heads === undefined) return undefined;
  const decoded = serializeModel(withDecode(parseModel(bytes), heads));
  const anchors = heads.anchorsFrom === 'metadata' ? 'the anchors in its metadata' : "YOLOv5's own anchors, since its metadata name none";
  return { bytes: decoded, inspection: inspectModel(decoded, operators), change: `its raw heads are decoded, with ${anchors}` };
}

function withDecode(model: Model, heads: RawHeads): Model {
  const writer = new DecodeWriter(heads.classes);
  const rows = heads.scales.map((scale) => writer.scale(scale));
  writer.node('Concat', rows, OUTPUT, { axis: 1n });
  const predictions = heads.scales.reduce((sum, { anchors, height, width }) => sum + anchors.length * height * width, 0);
  const output: ValueInfoProto = {
    name: OUTPUT,
    type: {
      tensorType: {
        elemType: DataType.float,
        shape: { dim: [1, predictions, BOX_TERMS + 1 + heads.classes].map((dimValue) => ({ dimValue })) },
      },
    },
  };
  const { graph } = model;
  return {
    ...model,
    graph: {
      ...graph,
      node: [...graph.node, ...writer.nodes],
      initializer: [...graph.initializer, ...writer.constants],
      output: [output, ...graph.output],
    },
  };
}

/** Nodes of the decode, with names that no exporter gives. */
class DecodeWriter {
  readonly nodes: NodeProto[] = [];
  readonly constants: TensorProto[] = [];
  private readonly columns: number;

  constructor(classes: number) {
    this.columns = BOX_TERMS + 1 + classes;
  }

  /** Centre = (2σ − 0.5 + cell)·stride, size = (2σ)²·anchor, σ on objectness and classes; the name of 1×(anchors·cells)×(5+C). */
  scale({ output, layout, stride, height, width, anchors }: RawScale): string {
    const base = `takt_decode_${String(stride)}`;
    const [count, cells] = [anchors.length, height * width];
    const logits = layout === 'cells' ? output : this.planesToCells(base, output, [1, count, this.columns, height, width]);
    const scores = this.node('Sigmoid', [logits], `${base}_sigmoid`);
    const two = this.constant(`${base}_two`, [], [2]);
    const doubled = this.node('Mul', [scores, two], `${base}_doubled`);
    const corner = Array.from({ length: cells }, (_, cell) => [(cell % width) - 0.5, Math.floor(cell / width) - 0.5]).flat();
    const inCells = this.node(
      'Add',
      [this.columnsOf(base, doubled, 0, 2), this.constant(`${base}_grid`, [1, 1, height, width, 2], corner)],
      `${base}_cells`,
    );
    const centre = this.node('Mul', [inCells, this.constant(`${base}_stride`, [], [stride])], `${base}_centre`);
    const extent = this.columnsOf(base, doubled, 2, 4);
    const squared = this.node('Mul', [extent, extent], `${base}_squared`);
    const size = this.node('Mul', [squared, this.constant(`${base}_anchors`, [1, count, 1, 1, 2], anchors.flat())], `${base}_size`);
    const rest = this.columnsOf(base, scores, 4, this.columns);
    const joined = this.node('Concat', [centre, size, rest], `${base}_joined`, { axis: 4n });
    return this.node('Reshape', [joined, this.shape(`${base}_rows_shape`, [1, count * cells, this.columns])], `${base}_rows`);
  }

  node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, bigint | readonly bigint[]>> = {},
  ): string {
    this.nodes.push(makeNode(op, output, inputs, [output], attributes));
    return output;
  }

  private planesToCells(base: string, planes: string, dims: readonly number[]): string {
    const split = this.node('Reshape', [planes, this.shape(`${base}_split_shape`, dims)], `${base}_split`);
    return this.node('Transpose', [split], `${base}_logits`, { perm: [0n, 1n, 3n, 4n, 2n] });
  }

  /** Columns from `from` up to `to` of the last axis. */
  private columnsOf(base: string, value: string, from: number, to: number): string {
    const name = `${base}_columns_${String(from)}`;
    const inputs = [value, this.shape(`${name}_from`, [from]), this.shape(`${name}_to`, [to]), this.shape(`${name}_axis`, [4])];
    return this.node('Slice', inputs, name);
  }

  private constant(name: string, dims: readonly number[], values: readonly number[]): string {
    this.constants.push(floatTensor(name, dims, Float32Array.from(values)));
    return name;
  }

  private shape(name: string, values: readonly number[]): string {
    this.constants.push(int64Tensor(name, [values.length], BigInt64Array.from(values, BigInt)));
    return name;
  }
}
