import type { DecodeImage } from '@takt/evaluation';
import { createPreprocessor } from '@takt/evaluation';
import { decodeImage } from '@takt/image-io';
import type { Clock } from '@takt/kernel';
import { readFile } from 'node:fs/promises';
import type { LoadInput } from '../calibrate/collect-statistics.js';
import { normalize } from './image-input.js';
import type { InputFormat } from './image-input.js';

/**
 * Calibration input by the very steps of evaluation and serving. The values are overwritten by the next call; calls must
 * not overlap.
 */
export function createLoadInput(clock: Clock): LoadInput {
  let current = '';
  const decode: DecodeImage = (bytes) => decodeImage(bytes, current);
  let made: { format: InputFormat; preprocess: ReturnType<typeof createPreprocessor> } | undefined;
  return async (path, format) => {
    if (made?.format !== format) {
      made = { format, preprocess: createPreprocessor({ decodeImage: decode, model: { ...format, inputType: 'float32' }, clock }) };
    }
    current = path;
    const { tensor } = await made.preprocess(await readFile(path));
    const values = tensor as Float32Array;
    if (format.normalization !== null) normalize(values, format.normalization);
    return values;
  };
}
