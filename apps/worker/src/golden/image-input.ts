import type { ImagePixels, ModelFamily } from '@takt/contracts';
import { FAMILY_PIXELS } from '@takt/evaluation';
import type { PixelFormat } from '@takt/evaluation';
import type { Detector, ImageNetwork } from '@takt/onnx';

/** What a network is fed with: an image of 3 planes, as float32 1×3×height×width. */
export interface InputFormat {
  readonly width: number;
  readonly height: number;
  readonly pixels: PixelFormat;
  /** What each plane is moved and scaled by after that, `(value − mean) / deviation`; null where nothing is. */
  readonly normalization: Normalization | null;
}

export interface Normalization {
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
}

/** The input of a model: its name, and what it is fed with. */
export interface ImageInput extends InputFormat {
  readonly name: string;
}

type Pixels = Pick<InputFormat, 'pixels' | 'normalization'>;

const stretched = (order: PixelFormat['order'], range: PixelFormat['range']): Pixels => ({
  pixels: { order, range, placement: 'stretch' },
  normalization: null,
});

/**
 * What images become for a network that is no detector: stretched to its size, and one of these. `imagenet` is what most published
 * classifiers and segmenters are trained with (torchvision's transforms: RGB 0–1, mean and deviation of the ImageNet images).
 */
const PIXELS: Readonly<Record<ImagePixels, Pixels>> = {
  'rgb-unit': stretched('rgb', 'unit'),
  'rgb-byte': stretched('rgb', 'byte'),
  'bgr-unit': stretched('bgr', 'unit'),
  'bgr-byte': stretched('bgr', 'byte'),
  imagenet: { ...stretched('rgb', 'unit'), normalization: { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } },
};

export const detectorInput = ({ input, imageSize, family }: Detector): ImageInput => ({
  name: input,
  ...imageSize,
  pixels: FAMILY_PIXELS[family],
  normalization: null,
});

export const networkInput = ({ input, imageSize }: ImageNetwork, pixels: ImagePixels): ImageInput => ({
  name: input,
  ...imageSize,
  ...PIXELS[pixels],
});

/** What a model is taken for, and what its images become where it is no detector. */
export interface ModelKind {
  readonly family: ModelFamily;
  readonly pixels: ImagePixels;
}

/** Any detector that takt knows by its shapes. */
export const ANY_DETECTOR: ModelKind = { family: 'auto', pixels: 'rgb-unit' };

/** Moves and scales planes in place. */
export function normalize(values: Float32Array, { mean, deviation }: Normalization): void {
  const plane = values.length / 3;
  for (let i = 0; i < values.length; i += 1) {
    const channel = Math.floor(i / plane);
    values[i] = ((values[i] as number) - (mean[channel] as number)) / (deviation[channel] as number);
  }
}
