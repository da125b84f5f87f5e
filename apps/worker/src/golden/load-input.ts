import type { RgbImage } from '@takt/evaluation';
import { readRegularFile } from '@takt/durable-fs';
import { createPreprocessor } from '@takt/evaluation';
import { decodeImage, readImage } from '@takt/image-io';
import type { Clock } from '@takt/kernel';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import { normalize } from './image-input.js';
import type { InputFormat } from './image-input.js';

/** A picture that is being read and decoded, both outside of JavaScript's thread. */
interface OpenImage {
  readonly path: string;
  readonly bytes: Promise<Uint8Array>;
  readonly image: Promise<RgbImage>;
}

/**
 * Calibration input by the very steps of evaluation and serving. The values are overwritten by the next call; calls must
 * not overlap. One image ahead is held at most.
 */
export function createLoadInput(clock: Clock): LoadInput {
  let made: { format: InputFormat; preprocess: ReturnType<typeof createPreprocessor> } | undefined;
  let ahead: OpenImage | undefined;
  let current: OpenImage | undefined;
  return async (path, format, next) => {
    const opened = ahead?.path === path ? ahead : open(path);
    current = opened;
    ahead = next === undefined ? undefined : open(next);
    if (made?.format !== format) {
      const decode = async (): Promise<RgbImage> => (current as OpenImage).image;
      made = { format, preprocess: createPreprocessor({ decodeImage: decode, model: { ...format, inputType: 'float32' }, clock }) };
    }
    const { tensor } = await made.preprocess(await opened.bytes);
    const values = tensor as Float32Array;
    if (format.normalization !== null) normalize(values, format.normalization);
    return values;
  };
}

function open(path: string): OpenImage {
  const bytes = readImage(path, readRegularFile);
  const image = bytes.then((file) => decodeImage(file, path));
  // A failure belongs to whoever asks for this image; nobody may ask.
  bytes.catch(() => undefined);
  image.catch(() => undefined);
  return { path, bytes, image };
}
