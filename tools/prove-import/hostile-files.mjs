/** Which file a number stands for: the good model that is damaged, and the seed of the damage. */
import { readFileSync } from 'node:fs';
import { parseModel, serializeModel } from '@takt/onnx';
import { cutAt, emitFp16, emitTensorrt, findDetectConvs } from '@takt/quantization';
import { sampleModelPath } from '@takt/sample-model';
import { syntheticStatistics } from './synthetic-statistics.mjs';
import { HOSTILE_KINDS, hostileModel, tinyDetector } from '@takt/testing';

const small = { size: 32, width: 2 };
const half = (options) => serializeModel(emitFp16(parseModel(tinyDetector(small)), options).model);

/** As quantization-aware training exports it, with Q and DQ around every layer. */
function trained() {
  const model = parseModel(tinyDetector(small));
  return serializeModel(emitTensorrt(model, syntheticStatistics(model, 'sha256:'), {}).model);
}

/** Without its decode: three planes of logits. */
function raw() {
  const model = parseModel(tinyDetector({ ...small, size: 64 }));
  const cut = cutAt(
    model,
    findDetectConvs(model).map(({ output }) => output[0] ?? ''),
  );
  const shape = (side) => ({ dim: [1, 21, side, side].map((dimValue) => ({ dimValue })) });
  const output = cut.graph.output.map((info, at) => ({
    ...info,
    type: { tensorType: { elemType: 1, shape: shape(64 / [8, 16, 32][at]) } },
  }));
  return serializeModel({ ...cut, graph: { ...cut.graph, output } });
}

/** Small detectors of several opsets, in half precision, trained with rounding and without a decode, so that thousands take minutes; the shipped one has what real ones have. */
const BASES = [
  tinyDetector(small),
  half({ halfInterface: true }),
  tinyDetector({ ...small, opset: 11 }),
  half({}),
  tinyDetector({ ...small, opset: 17, seed: 7 }),
  trained(),
  raw(),
];
const SHIPPED = readFileSync(sampleModelPath());
/** One round through all kinds in so many is made of the shipped detector, which takes a hundred times as long. */
const SHIPPED_EACH = 16;

function baseOf(round) {
  return round % SHIPPED_EACH === SHIPPED_EACH - 1 ? SHIPPED : BASES[round % BASES.length];
}

/** @param number of the file, from 0. */
export const hostileFile = (number) => hostileModel(baseOf(Math.floor(number / HOSTILE_KINDS.length)), number);
