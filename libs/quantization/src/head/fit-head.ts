import { fitYolov5 } from './fit-yolov5.js';
import { fitYolov8 } from './fit-yolov8.js';
import { fitYolox } from './fit-yolox.js';
import { byStride } from './head.js';
import type { ConvOutput, DecodedOutput, HeadFit } from './head.js';

export interface HeadShape {
  readonly family: 'yolov5' | 'yolov8' | 'yolox';
  /** The network's input in pixels. */
  readonly width: number;
  readonly height: number;
  readonly classes: number;
}

/**
 * How the outputs of the last convolutions become what the model gives. Found by trying: whatever nodes an exporter makes of
 * the decode, the cut is only made where takt's decode of one image's logits equals the model's own output.
 *
 * @param outputs of the last convolutions, for the image that gave `decoded`.
 */
export function fitHead(shape: HeadShape, outputs: readonly ConvOutput[], decoded: DecodedOutput): HeadFit {
  const fit = { yolov5: fitYolov5, yolov8: fitYolov8, yolox: fitYolox }[shape.family];
  const scales = byStride(outputs, shape.width, shape.height);
  if (scales === undefined) return { why: 'a convolution at the cut has a plane that is no whole fraction of the input' };
  return fit(scales, decoded, shape.classes);
}
