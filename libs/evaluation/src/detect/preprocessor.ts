import type { Clock } from '@takt/kernel';
import { FAMILY_PIXELS } from './detector-description.js';
import type { DetectorFamily, DetectorHead, PixelFormat } from './detector-description.js';
import { createLetterbox } from '../image/letterbox.js';
import type { LetterboxGeometry } from '../image/letterbox.js';
import { toPlanarBytes, toPlanarFloat } from '../image/planar.js';
import type { RgbImage } from '../image/rgb-image.js';

/** Frame bytes (JPEG, PNG, BMP, WebP) → pixels. */
export type DecodeImage = (bytes: Uint8Array) => Promise<RgbImage>;

/** What the detector must know of a model. */
export interface DetectorModel {
  /** Size of the network's input in pixels. */
  readonly width: number;
  readonly height: number;
  /** `uint8`: bytes, for networks that scale them themselves. */
  readonly inputType: 'float32' | 'uint8';
  /** Default: YOLOv5's, RGB 0–1, centred. */
  readonly pixels?: PixelFormat;
  /** Default: YOLOv5. */
  readonly family?: DetectorFamily;
  /** Default: decoded by the network. */
  readonly head?: DetectorHead;
  /** Class names, index = class id. */
  readonly names: readonly string[];
}

export interface Preprocessed {
  /** 1×3×height×width values. Belongs to the preprocessor and is overwritten by its next call. */
  readonly tensor: Float32Array | Uint8Array;
  readonly geometry: LetterboxGeometry;
  readonly decodeMs: number;
  readonly preprocessMs: number;
}

/**
 * Frame bytes to network input: decode, letterbox, planes. The one implementation that calibration, evaluation and serving
 * use, so that a model is never measured on other pixels than it serves. One frame at a time (buffers are reused).
 */
export function createPreprocessor(options: {
  readonly decodeImage: DecodeImage;
  readonly model: Pick<DetectorModel, 'width' | 'height' | 'inputType' | 'pixels'>;
  readonly clock: Clock;
}): (frame: Uint8Array) => Promise<Preprocessed> {
  const { decodeImage, model, clock } = options;
  const { order, range, placement } = model.pixels ?? FAMILY_PIXELS.yolov5;
  const letterbox = createLetterbox(model.width, model.height, placement);
  const floats = model.inputType === 'float32' ? new Float32Array(3 * model.width * model.height) : undefined;
  const bytes = new Uint8Array(floats === undefined ? 3 * model.width * model.height : 0);
  return async (frame) => {
    const start = clock.monotonic();
    const image = await decodeImage(frame);
    const decoded = clock.monotonic();
    const { canvas, geometry } = letterbox(image);
    if (floats === undefined) toPlanarBytes(canvas, bytes, order);
    else toPlanarFloat(canvas, floats, order, range);
    return { tensor: floats ?? bytes, geometry, decodeMs: decoded - start, preprocessMs: clock.monotonic() - decoded };
  };
}
