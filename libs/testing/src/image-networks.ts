import { NetBuilder } from './net-builder.js';

export interface ImageNetworkOptions {
  /** Side of the square input in pixels, a multiple of 16. Default 64. */
  readonly size?: number;
  /** Default 10. */
  readonly classes?: number;
  /** Channels of the first layer. Default 16. */
  readonly width?: number;
  readonly seed?: number;
}

/**
 * A classifier of ResNet's shape with pseudo-random weights, as ONNX bytes: stem, MaxPool, residual blocks with ReLU and a projection,
 * mean over the plane, a fully connected layer. Output `logits` 1×classes.
 */
export function imageClassifier({ size = 64, classes = 10, width = 16, seed = 1 }: ImageNetworkOptions = {}): Uint8Array {
  const net = new NetBuilder(seed);
  const stem = net.reluConv('images', 3, width, 3, 2, 1);
  let value = net.node('MaxPool', [stem], { kernel_shape: [3n, 3n], pads: [1n, 1n, 1n, 1n], strides: [2n, 2n] });
  let channels = width;
  for (const stride of [1, 2, 2]) {
    const wider = channels * stride;
    const inner = net.reluConv(value, channels, wider, 3, stride, 1);
    const straight = net.plainConv(inner, wider, wider, 3, 1, 1);
    const shortcut = stride === 1 ? value : net.plainConv(value, channels, wider, 1, stride, 0);
    value = net.node('Relu', [net.node('Add', [straight, shortcut])]);
    channels = wider;
  }
  const pooled = net.node('Flatten', [net.node('GlobalAveragePool', [value])]);
  const logits = net.node('Identity', [net.dense(pooled, channels, classes)], {}, 'logits');
  return net.finish('image-classifier', size, [{ name: logits, dims: [1, classes] }]);
}

/**
 * A segmenter of U-Net's shape with pseudo-random weights, as ONNX bytes: two levels down, two up with skip connections. Output
 * `masks` 1×classes×size×size, the last convolution's own.
 */
export function imageSegmenter({ size = 64, classes = 3, width = 8, seed = 1 }: ImageNetworkOptions = {}): Uint8Array {
  const net = new NetBuilder(seed);
  const first = net.conv('images', 3, width, 3, 1, 1);
  const second = net.conv(first, width, width * 2, 3, 2, 1);
  const third = net.conv(second, width * 2, width * 4, 3, 2, 1);
  const up2 = net.conv(net.node('Concat', [net.upsample(third), second], { axis: 1n }), width * 6, width * 2, 3, 1, 1);
  const up1 = net.conv(net.node('Concat', [net.upsample(up2), first], { axis: 1n }), width * 3, width, 3, 1, 1);
  const masks = net.plainConv(up1, width, classes, 1, 1, 0);
  return net.finish('image-segmenter', size, [{ name: masks, dims: [1, classes, size, size] }]);
}
