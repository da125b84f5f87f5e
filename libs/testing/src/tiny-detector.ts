import { NetBuilder } from './net-builder.js';

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
  /** Four convolutions in a row before the heads instead of eight with a residual and a neck, for what tries layer after layer. */
  readonly plain?: boolean;
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
  const { size = 64, classes = 2, width = 8, seed = 1, opset = 13, named = true, plain = false } = options;
  const net = new NetBuilder(seed);
  const scales = plain ? plainBackbone(net, width) : backbone(net, width);
  const columns = 5 + classes;
  const parts = scales.map(([value, channels], i) => detectHead(net, value, channels, columns, size / (STRIDES[i] ?? 1)));
  net.node('Concat', parts, { axis: 1n }, 'output0');
  const predictions = STRIDES.reduce((sum, stride) => sum + ANCHORS * (size / stride) ** 2, 0);
  const names = Array.from({ length: classes }, (_, i) => `${String(i)}: 'class-${String(i)}'`).join(', ');
  return net.finish('tiny-detector', size, [{ name: 'output0', dims: [1, predictions, columns] }], {
    opset,
    metadata: { stride: '32', ...(named ? { names: `{${names}}` } : {}) },
  });
}

/** What the head of one stride reads: a value and its channels. */
type Scale = readonly [value: string, channels: number];

function backbone(net: NetBuilder, width: number): readonly Scale[] {
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
  return [
    [p3, width * 2],
    [neck, width * 4],
    [spp, width * 4],
  ];
}

function plainBackbone(net: NetBuilder, width: number): readonly Scale[] {
  const stem = net.conv('images', 3, width, 6, 2, 2);
  const p3 = net.conv(stem, width, width * 2, 4, 4, 0);
  const p4 = net.conv(p3, width * 2, width * 2, 2, 2, 0);
  const p5 = net.conv(p4, width * 2, width * 2, 2, 2, 0);
  return [
    [p3, width * 2],
    [p4, width * 2],
    [p5, width * 2],
  ];
}

/** Raw logits of one scale, arranged and squashed as YOLOv5's export does. */
function detectHead(net: NetBuilder, input: string, channels: number, columns: number, cells: number): string {
  const shape = (dims: readonly number[]): string => net.constant(BigInt64Array.from(dims, BigInt));
  const raw = net.plainConv(input, channels, ANCHORS * columns, 1, 1, 0);
  const grid = net.node('Reshape', [raw, shape([1, ANCHORS, columns, cells, cells])]);
  const scores = net.node('Sigmoid', [net.node('Transpose', [grid], { perm: [0n, 1n, 3n, 4n, 2n] })]);
  return net.node('Reshape', [scores, shape([1, ANCHORS * cells * cells, columns])]);
}
