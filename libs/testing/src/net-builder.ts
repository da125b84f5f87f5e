import { DataType, floatTensor, int64Tensor, makeNode, serializeModel } from '@takt/onnx';
import type { ModelProto, NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

export interface NetOutput {
  readonly name: string;
  readonly dims: readonly number[];
}

export interface FinishOptions {
  /** Default 13. */
  readonly opset?: number | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Builds a network with pseudo-random weights, node by node; equal seeds give equal weights. */
export class NetBuilder {
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

  /** Convolution with bias, then ReLU. */
  reluConv(input: string, from: number, to: number, kernel: number, stride: number, pad: number): string {
    return this.node('Relu', [this.plainConv(input, from, to, kernel, stride, pad)]);
  }

  /** Convolution with bias, then SiLU. */
  conv(input: string, from: number, to: number, kernel: number, stride: number, pad: number): string {
    const value = this.plainConv(input, from, to, kernel, stride, pad);
    return this.node('Mul', [value, this.node('Sigmoid', [value])]);
  }

  upsample(input: string): string {
    const name = `scales_${String(this.initializers.length)}`;
    this.initializers.push(floatTensor(name, [4], Float32Array.of(1, 1, 2, 2)));
    return this.node('Resize', [input, '', name]);
  }

  /** Convolution with bias. */
  plainConv(input: string, from: number, to: number, kernel: number, stride: number, pad: number): string {
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

  constant(values: BigInt64Array): string {
    const name = `constant_${String(this.initializers.length)}`;
    this.initializers.push(int64Tensor(name, [values.length], values));
    return name;
  }

  /** A fully connected layer with bias. */
  dense(input: string, from: number, to: number): string {
    const base = `layer_${String(this.nodes.length)}`;
    const spread = Math.sqrt(3 / from);
    const values = (length: number, size: number): Float32Array => Float32Array.from({ length }, () => this.random() * size);
    this.initializers.push(floatTensor(`${base}.weight`, [to, from], values(to * from, spread)));
    this.initializers.push(floatTensor(`${base}.bias`, [to], values(to, 0.1)));
    return this.node('Gemm', [input, `${base}.weight`, `${base}.bias`], { transB: 1n });
  }

  /** The network as ONNX bytes, with an image input `images`. */
  finish(name: string, size: number, outputs: readonly NetOutput[], options: FinishOptions = {}): Uint8Array {
    const { opset = 13, metadata = {} } = options;
    const model: ModelProto = {
      irVersion: 8,
      producerName: 'takt-testing',
      opsetImport: [{ domain: '', version: opset }],
      functions: [],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name,
        node: this.nodes,
        initializer: this.initializers,
        input: [valueInfo('images', [1, 3, size, size])],
        output: outputs.map((output) => valueInfo(output.name, output.dims)),
        valueInfo: [],
      },
    };
    return serializeModel(model);
  }

  /** Uniform on (−1, 1), a linear congruential generator (Numerical Recipes' constants). */
  private random(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 31 - 1;
  }
}

const valueInfo = (name: string, dims: readonly number[]): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});
