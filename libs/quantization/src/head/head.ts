/** What one convolution at the cut gives, 1×channels×height×width in row-major order. */
export interface ConvOutput {
  readonly name: string;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** A model's own output for the same image. */
export interface DecodedOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** What the values of an output at the cut stand for. `all`: box, objectness and classes of each anchor in one. */
export type OutputRole = 'all' | 'box' | 'objectness' | 'classes';

/** One scale of a detection head that is cut at its last convolutions. */
export interface HeadScale {
  /** Pixels of the network's input per cell. */
  readonly stride: number;
  /** Width and height in pixels; empty where the family has no anchors. */
  readonly anchors: readonly (readonly [number, number])[];
  readonly outputs: readonly { readonly role: OutputRole; readonly name: string; readonly channels: number }[];
}

/** How a head's logits become boxes, found by comparing them with what the model makes of them itself. */
export interface FittedHead {
  /** Smallest stride first. */
  readonly scales: readonly HeadScale[];
}

export type HeadFit = FittedHead | { readonly why: string };

/** Largest difference between what takt decodes and what the model gives: pixels (plus a share of the value) and scores. */
export const BOX_TOLERANCE = { pixels: 0.02, share: 1e-3 } as const;
export const SCORE_TOLERANCE = 2e-4;

export const boxDiffers = (ours: number, theirs: number): boolean =>
  !(Math.abs(ours - theirs) <= BOX_TOLERANCE.pixels + BOX_TOLERANCE.share * Math.abs(theirs));

export const scoreDiffers = (ours: number, theirs: number): boolean => !(Math.abs(ours - theirs) <= SCORE_TOLERANCE);

/** Outputs of the last convolutions by stride, smallest first. */
export type ScaleOutputs = ReadonlyMap<number, readonly ConvOutput[]>;

/** Outputs with the same plane, by stride, smallest first; undefined where a plane is no whole fraction of the input. */
export function byStride(outputs: readonly ConvOutput[], inputWidth: number, inputHeight: number): ScaleOutputs | undefined {
  const scales = new Map<number, ConvOutput[]>();
  for (const output of outputs) {
    const stride = inputWidth / output.width;
    if (!Number.isInteger(stride) || inputHeight / output.height !== stride) return undefined;
    scales.set(stride, [...(scales.get(stride) ?? []), output]);
  }
  return new Map([...scales].sort(([a], [b]) => a - b));
}
