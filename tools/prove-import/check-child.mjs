/**
 * Everything that takt does with a file before an engine sees it: parse, write back, inspect, import, find what can run in integers,
 * and emit every dialect. Takes numbers of files over its channel, one at a time.
 */
import { importModel, parseModel, requireDetector, serializeModel, withFloat32Interface } from '@takt/onnx';
import {
  WeightLimit,
  decodeRawHeads,
  emitFp16,
  emitInt8,
  emitLibraryDefault,
  emitOpenvino,
  emitTensorrt,
  emitTensorrtCalibrated,
  emulateTensorrt,
  findDetectConvs,
  frontConvs,
  layerNames,
  readArtifact,
  readArtifactDetector,
  stripPairs,
  validateFp16,
  validateMyriad,
  validateOnnxruntime,
  validateOpenvino,
  validateTensorrt,
} from '@takt/quantization';
import { endingOf } from './ending.mjs';
import { hostileFile } from './hostile-files.mjs';
import { syntheticStatistics } from './synthetic-statistics.mjs';

/** Bytes equal bytes: what can be read is written as it was. */
function parsed(bytes) {
  const model = parseModel(bytes);
  if (Buffer.compare(serializeModel(model), bytes) !== 0) throw new Error('an untouched model was written otherwise than it was read');
  return model;
}

/** Each on its own: what one dialect refuses another may write. */
function emissions(model) {
  const statistics = syntheticStatistics(model, 'sha256:');
  const floatConvs = new Set([...findDetectConvs(model).map(({ output }) => output[0] ?? ''), ...frontConvs(model, 2)]);
  const weightLimit = WeightLimit.eightBit;
  layerNames(model, [...floatConvs]);
  return [
    ['int8', () => validateOnnxruntime(emitInt8(model, statistics, { floatConvs, weightLimit }).model, { saturates: false })],
    ['int8, all', () => emitInt8(model, statistics, { weightLimit })],
    ['library default', () => emitLibraryDefault(model, statistics)],
    ['openvino', () => validateOpenvino(emitOpenvino(model, statistics, { floatConvs }).model)],
    ['tensorrt', () => validateTensorrt(emitTensorrt(model, statistics, { floatConvs }).model)],
    ['tensorrt, emulated', () => emulateTensorrt(model, statistics, { floatConvs })],
    ['tensorrt, calibrated', () => emitTensorrtCalibrated(model, statistics, { floatConvs })],
    ['fp16', () => [validateFp16, validateMyriad].map((validate) => validate(emitFp16(model).model))],
  ];
}

async function check(number) {
  const { bytes, kind } = hostileFile(number);
  const since = performance.now();
  const endings = [];
  const step = async (name, work) => {
    const ending = await endingOf(work);
    endings.push({ step: name, ...ending });
    return ending.ended === 'result';
  };
  let imported;
  if (await step('parse', () => void parsed(bytes))) {
    await step('run', () => void withFloat32Interface(bytes));
    await step('describe', () => void readArtifactDetector(bytes));
    await step('any network', () => void readArtifact(bytes));
    await step('import', () => {
      const given = importModel(bytes);
      const { inspection, bytes: float32 } = decodeRawHeads(given.bytes) ?? given;
      requireDetector(inspection);
      const model = parsed(float32);
      imported = stripPairs(model)?.model ?? model;
    });
  }
  if (imported !== undefined) {
    let emit = [];
    await step('region', () => {
      emit = emissions(imported);
    });
    for (const [name, work] of emit) await step(name, () => void work());
  }
  return { number, kind, size: bytes.length, ms: performance.now() - since, accepted: imported !== undefined, endings };
}

process.on('message', async (number) => {
  const result = await check(number);
  process.send({ ...result, peakKiB: process.resourceUsage().maxRSS });
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
