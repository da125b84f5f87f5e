import type { HardwareFacts } from '@takt/hardware';
import { serializeModel } from '@takt/onnx';
import { WeightLimit, emitOpenvino, validateOpenvino } from '@takt/quantization';
import type { EmittedModel } from '@takt/quantization';
import { saturates } from '../../emit/recipe-emitters.js';
import { dialectBase } from '../../emit/model-source.js';
import { requireRules } from '../../emit/require-rules.js';
import type { Dialect } from './fit-target.js';
import { FILES } from './target.js';
import type { TargetParts } from './target.js';

/** Q and DQ before the convolutions. What tells its accuracy is the file itself: ONNX Runtime reads it too. */
export function openvinoDialect({ emit, files, timeOnOpenVino }: TargetParts, facts: Pick<HardwareFacts, 'cpu'>): Dialect {
  const { source, statistics } = emit;
  const weightLimit = saturates(facts) ? WeightLimit.sevenBit : WeightLimit.eightBit;
  const emulate = (reverted: readonly string[]): EmittedModel => {
    const emitted = emitOpenvino(source.folded, statistics, {
      weightLimit,
      floatConvs: new Set([...dialectBase(source, statistics), ...reverted]),
    });
    requireRules('OpenVINO', validateOpenvino(emitted.model));
    return emitted;
  };
  return {
    engine: 'OpenVINO',
    emulate,
    time: timeOnOpenVino,
    write: (reverted) => {
      files.set(FILES.openvino, serializeModel(emulate(reverted).model));
      return FILES.openvino;
    },
  };
}
