import type { OrtAdapter } from '@takt/engine-ort';
import { parseModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { findDetectConvs, frontConvs, integerLayers, parseStatistics, quantizationError, untrainedConvs } from '@takt/quantization';
import type { Statistics } from '@takt/quantization';
import type { InputModel } from '../golden/input-model.js';
import { findHead } from './find-head.js';
import type { DetectorHead } from './find-head.js';

/** A model as everything that is made of it needs it, worked out once. */
export interface ModelSource extends InputModel {
  /** After ONNX Runtime's basic optimization; statistics name its values. */
  readonly folded: Model;
  readonly head: DetectorHead;
  /** Values of a detector's last convolutions; of any other network none, since its outputs are compared as they are. */
  readonly detectConvs: readonly string[];
  /**
   * Values of the first convolutions, in the ways worth trying, fewest first: they see three and a few channels, their error runs through
   * everything, and how many of them are faster in float only the host can tell.
   */
  readonly fronts: readonly (readonly string[])[];
}

/** Levels of convolutions; a detector's second ones see as few channels as the first. */
const FRONTS = { detector: [1, 2], network: [1] } as const;

/** @throws TaktError `EngineUnavailable`, `EngineLoadFailed`. */
export async function openModelSource(model: InputModel, engine: OrtAdapter): Promise<ModelSource> {
  const folded = parseModel(await engine.optimize(model.bytes, 'basic', model.name));
  const isDetector = model.detector !== null;
  const detectConvs = isDetector ? findDetectConvs(folded).map((conv) => conv.output[0] ?? '') : [];
  const head = await findHead(engine, folded, detectConvs, model);
  const fronts = (isDetector ? FRONTS.detector : FRONTS.network).map((levels) => frontConvs(folded, levels));
  return { ...model, folded, head, detectConvs, fronts };
}

/**
 * The convolutions of a model that may go back to float one by one, by the value they make, in graph order.
 *
 * @param base those that are in float anyway.
 */
export const layersOf = ({ folded }: ModelSource, base: readonly string[]): readonly string[] =>
  integerLayers(folded, { floatConvs: new Set(base) });

/** What stays in float in the dialects that keep the decode: the last convolutions, and what training left in float. */
export const dialectBase = ({ folded, detectConvs }: ModelSource, statistics: Statistics): readonly string[] => [
  ...new Set([...detectConvs, ...untrainedConvs(folded, statistics)]),
];

/** @throws TaktError `StatisticsUnreadable`, and `StatisticsDoNotFit` for the statistics of another model. */
export function statisticsOf({ digest, name }: Pick<ModelSource, 'digest' | 'name'>, text: string): Statistics {
  const statistics = parseStatistics(text);
  if (statistics.model === digest) return statistics;
  throw quantizationError(
    'StatisticsDoNotFit',
    `the statistics file belongs to model ${statistics.model}, not to ${name} (${digest})`,
    statistics.model,
  );
}
