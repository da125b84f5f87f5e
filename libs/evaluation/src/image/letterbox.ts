import { createResizer, roundHalfEven } from './bilinear-resize.js';
import type { Resizer } from './bilinear-resize.js';
import type { RgbImage } from './rgb-image.js';

/** Grey value of the border, as YOLOv5 trains with. */
export const LETTERBOX_PAD = 114;

/** Where the resized picture lies in the canvas: `centre` (YOLOv5), `top-left` (YOLOX), or all over it, its proportions not kept. */
export type LetterboxPlacement = 'centre' | 'top-left' | 'stretch';

/** How a frame was fitted into the network's input; the way back for boxes. Lengths are pixels. */
export interface LetterboxGeometry {
  readonly frameWidth: number;
  readonly frameHeight: number;
  readonly width: number;
  readonly height: number;
  /** Network pixels per frame pixel; the same on both axes unless the picture is stretched. */
  readonly scaleX: number;
  readonly scaleY: number;
  readonly resizedWidth: number;
  readonly resizedHeight: number;
  readonly left: number;
  readonly top: number;
}

/**
 * Fits a frame into width × height keeping its proportions (unless stretched), smaller frames are enlarged. Rounding is YOLOv5's:
 * the size to the nearest pixel (half to even), the left and top border to the nearest of half the rest minus 0.1.
 */
export function letterboxGeometry(
  frameWidth: number,
  frameHeight: number,
  width: number,
  height: number,
  placement: LetterboxPlacement = 'centre',
): LetterboxGeometry {
  const [scaleX, scaleY] = scalesOf(width / frameWidth, height / frameHeight, placement);
  const resizedWidth = Math.max(1, roundHalfEven(frameWidth * scaleX));
  const resizedHeight = Math.max(1, roundHalfEven(frameHeight * scaleY));
  const border = (rest: number): number => (placement === 'centre' ? roundHalfEven(rest / 2 - 0.1) : 0);
  return {
    frameWidth,
    frameHeight,
    width,
    height,
    scaleX,
    scaleY,
    resizedWidth,
    resizedHeight,
    left: border(width - resizedWidth),
    top: border(height - resizedHeight),
  };
}

function scalesOf(x: number, y: number, placement: LetterboxPlacement): readonly [number, number] {
  if (placement === 'stretch') return [x, y];
  const scale = Math.min(y, x);
  return [scale, scale];
}

export interface Letterboxed {
  readonly geometry: LetterboxGeometry;
  /** `width * height` pixels. The canvas belongs to the letterbox and is overwritten by its next call. */
  readonly canvas: RgbImage;
}

/** Fits frames of any size into one canvas size; tables are kept for the frame size seen last. */
export function createLetterbox(width: number, height: number, placement: LetterboxPlacement = 'centre'): (frame: RgbImage) => Letterboxed {
  const data = new Uint8Array(width * height * 3);
  let current: { geometry: LetterboxGeometry; resize: Resizer } | undefined;
  return (frame) => {
    if (current?.geometry.frameWidth !== frame.width || current.geometry.frameHeight !== frame.height) {
      const geometry = letterboxGeometry(frame.width, frame.height, width, height, placement);
      const resize = createResizer(frame.width, frame.height, geometry.resizedWidth, geometry.resizedHeight);
      current = { geometry, resize };
      data.fill(LETTERBOX_PAD);
    }
    current.resize(frame, data, width, current.geometry.left, current.geometry.top);
    return { geometry: current.geometry, canvas: { width, height, data } };
  };
}
