import { hostileFile } from './hostile-files.mjs';
import * as o from '@takt/onnx';
import * as q from '@takt/quantization';
import { syntheticStatistics } from './synthetic-statistics.mjs';
const n = Number(process.argv[2]);
const t = (name, f) => {
  const s = performance.now();
  let r;
  try {
    r = f();
  } catch (e) {
    console.log(name, 'threw', e.code ?? e.stack);
  }
  console.log(name, Math.round(performance.now() - s));
  return r;
};
const { bytes, kind } = t('make', () => hostileFile(n));
console.log(kind, bytes.length);
const m = t('parse', () => o.parseModel(bytes));
t('ser', () => o.serializeModel(m));
t('check', () => o.checkModel(m));
const i = t('import', () => o.importModel(bytes));
t('describe', () => q.readArtifactDetector(bytes));
if (i) {
  const f = o.parseModel(i.bytes);
  t('region', () => q.findRegion(f));
  const st = t('stat', () => syntheticStatistics(f, 'x'));
  t('int8', () => q.emitInt8(f, st, { weightLimit: q.WeightLimit.eightBit }));
  t('default', () => q.emitLibraryDefault(f, st));
  t('ov', () => q.emitOpenvino(f, st, {}));
  t('trt', () => q.emitTensorrt(f, st, {}));
  t('cal', () => q.emitTensorrtCalibrated(f, st, {}));
  t('emu', () => q.emulateTensorrt(f, st, {}));
  const h = t('fp16', () => q.emitFp16(f));
  if (h) {
    t('vf', () => q.validateFp16(h.model));
    t('vm', () => q.validateMyriad(h.model));
  }
  t('names', () => q.layerNames(f, q.integerLayers(f)));
}
