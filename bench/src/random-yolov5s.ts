import { DataType, floatTensor, int64Tensor, makeNode, serializeModel } from '@takt/onnx';
import type { NodeProto, TensorProto, ValueInfoProto } from '@takt/onnx';

const CLASSES = 80;
const ANCHORS = 3;

/**
 * A network of YOLOv5s's layers (version 6: width 0.5, depth 0.33, 80 classes) for a square input of `size` pixels, a multiple
 * of 32, with pseudo-random weights, as ONNX bytes: for costs, which weights do not change. Its boxes are not decoded to pixels.
 */
export function randomYolov5s(size: number): Uint8Array {
  const net = new Net();
  const p3 = net.c3(net.conv(net.c3(net.conv(net.conv('images', 32, 6, 2, 2), 64, 3, 2), 64, 1), 128, 3, 2), 128, 2);
  const p4 = net.c3(net.conv(p3, 256, 3, 2), 256, 3);
  const p5 = net.conv(net.sppf(net.c3(net.conv(p4, 512, 3, 2), 512, 1), 512), 256, 1);
  const top4 = net.conv(net.c3(net.concat([net.upsample(p5), p4]), 256, 1, false), 128, 1);
  const out3 = net.c3(net.concat([net.upsample(top4), p3]), 128, 1, false);
  const out4 = net.c3(net.concat([net.conv(out3, 128, 3, 2), top4]), 256, 1, false);
  const out5 = net.c3(net.concat([net.conv(out4, 256, 3, 2), p5]), 512, 1, false);
  const parts = [out3, out4, out5].map((value, i) => net.detect(value, size / 2 ** (3 + i)));
  net.node('Concat', parts, { axis: 1n }, 'output0');
  const predictions = [8, 16, 32].reduce((sum, stride) => sum + ANCHORS * (size / stride) ** 2, 0);
  const names = Array.from({ length: CLASSES }, (_, i) => `${String(i)}: 'class-${String(i)}'`).join(', ');
  return serializeModel({
    irVersion: 8,
    producerName: 'takt-bench',
    opsetImport: [{ domain: '', version: 13 }],
    functions: [],
    metadataProps: [
      { key: 'stride', value: '32' },
      { key: 'names', value: `{${names}}` },
    ],
    graph: {
      name: 'random-yolov5s',
      node: net.nodes,
      initializer: net.initializers,
      input: [valueInfo('images', [1, 3, size, size])],
      output: [valueInfo('output0', [1, predictions, 5 + CLASSES])],
      valueInfo: [],
    },
  });
}

const valueInfo = (name: string, dims: readonly number[]): ValueInfoProto => ({
  name,
  type: { tensorType: { elemType: DataType.float, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});

class Net {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  private readonly channels = new Map<string, number>([['images', 3]]);
  private state = 1;

  node(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, bigint | readonly bigint[]>> = {},
    output?: string,
  ): string {
    const name = `${op}_${String(this.nodes.length)}`;
    const value = output ?? `${name}_output`;
    this.nodes.push(makeNode(op, name, inputs, [value], attributes));
    this.channels.set(value, this.channelsOf(inputs[0]));
    return value;
  }

  /** Convolution with bias, then SiLU. */
  conv(input: string, to: number, kernel: number, stride = 1, pad = kernel >> 1): string {
    const value = this.plainConv(input, to, kernel, stride, pad);
    return this.node('Mul', [value, this.node('Sigmoid', [value])]);
  }

  concat(inputs: readonly string[]): string {
    const value = this.node('Concat', inputs, { axis: 1n });
    this.channels.set(
      value,
      inputs.reduce((sum, input) => sum + this.channelsOf(input), 0),
    );
    return value;
  }

  /** A cross-stage block of `repeats` bottlenecks. */
  c3(input: string, to: number, repeats: number, shortcut = true): string {
    let value = this.conv(input, to / 2, 1);
    for (let i = 0; i < repeats; i += 1) {
      const made = this.conv(this.conv(value, to / 2, 1), to / 2, 3);
      value = shortcut ? this.node('Add', [value, made]) : made;
    }
    return this.conv(this.concat([value, this.conv(input, to / 2, 1)]), to, 1);
  }

  sppf(input: string, to: number): string {
    const pooled = [this.conv(input, to / 2, 1)];
    for (let i = 0; i < 3; i += 1)
      pooled.push(this.node('MaxPool', [pooled[i] as string], { kernel_shape: [5n, 5n], pads: [2n, 2n, 2n, 2n], strides: [1n, 1n] }));
    return this.conv(this.concat(pooled), to, 1);
  }

  upsample(input: string): string {
    const name = `scales_${String(this.nodes.length)}`;
    this.initializers.push(floatTensor(name, [4], Float32Array.of(1, 1, 2, 2)));
    return this.node('Resize', [input, '', name]);
  }

  detect(input: string, cells: number): string {
    const columns = 5 + CLASSES;
    const shape = (dims: readonly number[]): string => {
      const name = `shape_${String(this.initializers.length)}`;
      this.initializers.push(int64Tensor(name, [dims.length], BigInt64Array.from(dims, BigInt)));
      return name;
    };
    const raw = this.plainConv(input, ANCHORS * columns, 1, 1, 0);
    const grid = this.node('Reshape', [raw, shape([1, ANCHORS, columns, cells, cells])]);
    const scores = this.node('Sigmoid', [this.node('Transpose', [grid], { perm: [0n, 1n, 3n, 4n, 2n] })]);
    return this.node('Reshape', [scores, shape([1, ANCHORS * cells * cells, columns])]);
  }

  private plainConv(input: string, to: number, kernel: number, stride: number, pad: number): string {
    const from = this.channelsOf(input);
    const base = `layer_${String(this.nodes.length)}`;
    // Keeps the spread of the values from layer to layer.
    const spread = Math.sqrt(6 / (from * kernel * kernel));
    const random = (length: number, width: number): Float32Array => Float32Array.from({ length }, () => this.random() * width);
    this.initializers.push(
      floatTensor(`${base}.weight`, [to, from, kernel, kernel], random(to * from * kernel * kernel, spread)),
      floatTensor(`${base}.bias`, [to], random(to, 0.2)),
    );
    const [k, s, p] = [BigInt(kernel), BigInt(stride), BigInt(pad)];
    const value = this.node('Conv', [input, `${base}.weight`, `${base}.bias`], {
      kernel_shape: [k, k],
      strides: [s, s],
      pads: [p, p, p, p],
    });
    this.channels.set(value, to);
    return value;
  }

  private channelsOf(value: string | undefined): number {
    const channels = this.channels.get(value ?? '');
    if (channels === undefined) throw new RangeError(`no value ${String(value)}`);
    return channels;
  }

  /** Uniform on (−1, 1), a linear congruential generator (Numerical Recipes' constants). */
  private random(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return this.state / 2 ** 31 - 1;
  }
}
