import { serializeModel } from '@takt/onnx';
import { emitTensorrt, emitTensorrtCalibrated, emulateTensorrt, tensorrtFlags, validateTensorrt } from '@takt/quantization';
import type { RegionOptions } from '@takt/quantization';
import { dialectBase } from '../../emit/model-source.js';
import { requireRules } from '../../emit/require-rules.js';
import type { Dialect } from './fit-target.js';
import { FILES } from './target.js';
import type { TargetParts } from './target.js';

/** Symmetric int8 with Q and DQ, and beside it the FP32 model with a calibration cache, which some models run faster from. */
export function tensorrtDialect({ emit, files }: TargetParts): Dialect {
  const { source, statistics } = emit;
  const { folded } = source;
  const options = (reverted: readonly string[]): RegionOptions => ({
    floatConvs: new Set([...dialectBase(source, statistics), ...reverted]),
  });
  return {
    engine: 'TensorRT',
    emulate: (reverted) => emulateTensorrt(folded, statistics, options(reverted)),
    write: (reverted) => {
      const { explicit, fp32, calibration: cache, flags } = FILES.tensorrt;
      const pairs = emitTensorrt(folded, statistics, options(reverted)).model;
      const { model, calibration, headLayers } = emitTensorrtCalibrated(folded, statistics, options(reverted));
      for (const each of [pairs, model]) requireRules('TensorRT', validateTensorrt(each));
      files.set(explicit, serializeModel(pairs));
      files.set(fp32, serializeModel(model));
      files.set(cache, calibration);
      files.set(flags, `${JSON.stringify(tensorrtFlags(FILES.tensorrt, headLayers), null, 2)}\n`);
      return explicit;
    },
  };
}
