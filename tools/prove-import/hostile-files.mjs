/** Which file a number stands for: the good model that is damaged, and the seed of the damage. */
import { readFileSync } from 'node:fs';
import { parseModel, serializeModel } from '@takt/onnx';
import { emitFp16 } from '@takt/quantization';
import { sampleModelPath } from '@takt/sample-model';
import { HOSTILE_KINDS, hostileModel, tinyDetector } from '@takt/testing';

const small = { size: 32, width: 2 };
const half = (options) => serializeModel(emitFp16(parseModel(tinyDetector(small)), options).model);

/** Small detectors of several opsets and in half precision, so that thousands take minutes; the shipped one has what real ones have. */
const BASES = [
  tinyDetector(small),
  half({ halfInterface: true }),
  tinyDetector({ ...small, opset: 11 }),
  half({}),
  tinyDetector({ ...small, opset: 17, seed: 7 }),
];
const SHIPPED = readFileSync(sampleModelPath());
/** One round through all kinds in so many is made of the shipped detector, which takes a hundred times as long. */
const SHIPPED_EACH = 16;

function baseOf(round) {
  return round % SHIPPED_EACH === SHIPPED_EACH - 1 ? SHIPPED : BASES[round % BASES.length];
}

/** @param number of the file, from 0. */
export const hostileFile = (number) => hostileModel(baseOf(Math.floor(number / HOSTILE_KINDS.length)), number);
