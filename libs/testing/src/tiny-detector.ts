import { DataType, floatTensor, int64Tensor, makeNode, serializeModel } from '@takt/onnx';
import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

export interface TinyDetectorOptions {
  /** Side of the square input in pixels, a multiple of 32. Default 64. */
  readonly size?: number;
  /** Default 2. */
  readonly classes?: number;
  /** Channels of the first layer; the cost grows with its square. Default 8. */
  readonly width?: number;
  /** Other seeds give other weights, hence other bytes. Default 1. */
  readonly seed?: number;
  readonly opset?: number;
  /** Whether the metadata name the classes. Default true. */
  readonly named?: boolean;
}

const STRIDES = [8, 16, 32] as const;
const ANCHORS = 3;

/**
 * A small detector of YOLOv5's shape with pseudo-random weights, as ONNX bytes: 6×6 stem, SiLU, a residual Add, MaxPool
 * chain, Resize and Concat, three detect convolutions, one output 1×N×(5+classes) of sigmoids. It finds nothing sensible; it
 * is for tests of everything around a detector that need no real one.
 */
export function tinyDetector(options: TinyDetectorOptions = {}): Uint8Array {
  const { size = 64, classes = 2, width = 8, seed = 1, opset = 13, named = true } = options;
  const net = new NetBuilder(seed);
  const stem = net.conv('images', 3, width, 6, 2, 2);
  const p2 = net.conv(stem, width, width * 2, 3, 2, 1);
  const residual = net.node('Add', [p2, net.conv(p2, width * 2, width * 2, 3, 1, 1)]);
  const p3 = net.conv(residual, width * 2, width * 2, 3, 2, 1);
  const p4 = net.conv(p3, width * 2, width * 4, 3, 2, 1);
  const p5 = net.conv(p4, width * 4, width * 4, 3, 2, 1);
  const pooled = net.node('MaxPool', [p5], { kernel_shape: [5n, 5n], pads: [2n, 2n, 2n, 2n], strides: [1n, 1n] });
  const spp = net.conv(net.node('Concat', [p5, pooled], { axis: 1n }), width * 8, width * 4, 1, 1, 0);
  const up = net.node('Concat', [net.upsample(spp), p4], { axis: 1n });
  const neck = net.conv(up, width * 8, width * 4, 1, 1, 0);
  const columns = 5 + classes;
  const heads = [
    [p3, width * 2],
    [neck, width * 4],
    [spp, width * 4],
  ] as const;
  const parts = heads.map(([value, channels], i) => net.head(value, channels, columns, size / (STRIDES[i] ?? 1)));
  net.node('Concat', parts, { axis: 1n }, 'output0');
  const predictions = STRIDES.reduce((sum, stride) => sum + ANCHORS * (size / stride) ** 2, 0);
  const names = Array.from({ length: classes }, (_, i) => `${String(i)}: 'class-${String(i)}'`).join(', ');
  const model: ModelProto = {
    irVersion: 8,
    producerName: 'takt-testing',
    opsetImport: [{ domain: '', version: opset }],
    functions: [],
    metadataProps: [{ key: 'stride', value: '32' }, ...(named ? [{ key: 'names', value: `{${names}}` }] : [])],
    graph: {
      name: 'tiny-detector',
      node: net.nodes,
      initializer: net.initializers,
      input: [valueInfo('images', [1, 3, size, size])],
      output: [valueInfo('output0', [1, predictions, columns])],
      valueInfo: [],
    },
  };
  return serializeModel(model);
}

const valueInfo = (name: string, dims: readonly number[]): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

class NetBuilder {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, bigint | readonly bigint[]>> = {},
    output?: string,
  ): string {
    const name = `${op}_${String(this.nodes.length)}`;
    const value = output ?? `${name}_output`;
    this.nodes.push(makeNode(op, name, inputs, [value], attributes));
    return value;
  }

  /** Convolution with bias, then SiLU. */
  conv(input: string, from: number, to: number, kernel: number, stride: number, pad: number): string {
    const value = this.plainConv(input, from, to, kernel, stride, pad);
    return this.node('Mul', [value, this.node('Sigmoid', [value])]);
  }

  head(input: string, channels: number, columns: number, cells: number): string {
    const shape = (dims: readonly number[]): string => this.constant(BigInt64Array.from(dims, BigInt));
    const raw = this.plainConv(input, channels, ANCHORS * columns, 1, 1, 0);
    const grid = this.node('Reshape', [raw, shape([1, ANCHORS, columns, cells, cells])]);
    const scores = this.node('Sigmoid', [this.node('Transpose', [grid], { perm: [0n, 1n, 3n, 4n, 2n] })]);
    return this.node('Reshape', [scores, shape([1, ANCHORS * cells * cells, columns])]);
  }

  upsample(input: string): string {
    const name = `scales_${String(this.initializers.length)}`;
    this.initializers.push(floatTensor(name, [4], Float32Array.of(1, 1, 2, 2)));
    return this.node('Resize', [input, '', name]);
  }

  private plainConv(input: string, from: number, to: number, kernel: number, stride: number, pad: number): string {
    const base = `layer_${String(this.nodes.length)}`;
    const count = to * from * kernel * kernel;
    const spread = Math.sqrt(6 / (from * kernel * kernel));
    this.initializers.push(
      floatTensor(
        `${base}.weight`,
        [to, from, kernel, kernel],
        Float32Array.from({ length: count }, () => this.random() * spread),
      ),
      floatTensor(
        `${base}.bias`,
        [to],
        Float32Array.from({ length: to }, () => this.random() * 0.2),
      ),
    );
    const [k, s, p] = [BigInt(kernel), BigInt(stride), BigInt(pad)];
    return this.node('Conv', [input, `${base}.weight`, `${base}.bias`], { kernel_shape: [k, k], strides: [s, s], pads: [p, p, p, p] });
  }

  private constant(values: BigInt64Array): string {
    const name = `constant_${String(this.initializers.length)}`;
    this.initializers.push(int64Tensor(name, [values.length], values));
    return name;
  }

  /** Uniform on (−1, 1), a linear congruential generator (Numerical Recipes' constants). */
  private random(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 31 - 1;
  }
}
