import { Precision } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { serializeModel } from '@takt/onnx';
import type { Model } from '@takt/onnx';
import { layerNames } from '@takt/quantization';
import type { EmittedModel } from '@takt/quantization';
import { join } from 'node:path';
import { fitBudget } from '../../build/fit-budget.js';
import type { FitTrail, RecipeEmitter } from '../../build/fit-budget.js';
import { isFinding } from '../../build/is-finding.js';
import { dialectBase, layersOf } from '../../emit/model-source.js';
import { once } from '../../process/once.js';
import { rankEmission } from '../../sensitivity/rank-emission.js';
import type { QualityGate } from '../../quality/quality.js';
import { fitParts } from '../make-variants.js';
import type { WithoutInt8 } from './half-precision.js';
import type { MadeTarget, TargetParts } from './target.js';

/** The dialect of an engine that is not this machine's. */
export interface Dialect {
  /** Name of the engine, for people. */
  readonly engine: string;
  /** What tells on this machine how accurate the engine will be: a model on the same grid of integers. */
  emulate(reverted: readonly string[]): EmittedModel;
  /** Median milliseconds of files on the engine, null where this machine has none; absent where takt cannot run it at all. */
  readonly time?: (paths: readonly string[]) => Promise<readonly number[] | null>;
  /** Adds the engine's files for these layers in float; gives the name of the first. */
  write(reverted: readonly string[]): string;
}

const NOT_RUN = 'not timed: the engine is not on this machine';

/** The INT8 file for an engine, with the layers in float that the budget asks for; half precision where that is not enough. */
export async function fitTarget(dialect: Dialect, parts: TargetParts, half: WithoutInt8): Promise<MadeTarget> {
  const { gate } = parts.fit.meter;
  try {
    const fitted = await fitBudget(emitterFor(dialect, parts), parts.fp32.path, { ...fitParts(parts.fit), time: null });
    const { quality, reverted, revertedLayers, steps, worst } = fitted;
    const trail = { reverted, revertedLayers, steps, worst };
    if (quality.lost > gate.budget) return await half(outside(dialect.engine, quality.lost, gate, trail), worst);
    const { accuracy } = quality;
    const [floatMs = 0, latencyMs] = (await dialect.time?.([parts.fp32.path, fitted.path])) ?? [];
    if (latencyMs !== undefined && latencyMs >= floatMs)
      return await half(`INT8 is not faster than FP32 on ${dialect.engine} here (${inWords(floatMs, latencyMs)})`, worst);
    return {
      ...trail,
      file: join(parts.outDir, dialect.write(trail.reverted)),
      precision: Precision.int8,
      map50: accuracy?.map50 ?? null,
      map50_95: accuracy?.map50_95 ?? null,
      lost: quality.lost,
      latencyMs: latencyMs ?? null,
      reason: `INT8 in the dialect of ${dialect.engine} ${gate.words(quality.lost)}, foretold on its grid; ${latencyMs === undefined ? NOT_RUN : inWords(floatMs, latencyMs)}`,
    };
  } catch (error) {
    if (!(error instanceof TaktError) || !isFinding(error)) throw error;
    return half(`no INT8 for ${dialect.engine}: ${error.message}`);
  }
}

const inWords = (floatMs: number, ms: number): string =>
  `${(floatMs / ms).toFixed(2)}× FP32 on the same engine (${ms.toFixed(2)} against ${floatMs.toFixed(2)} ms)`;

function emitterFor({ engine: name, emulate }: Dialect, { emit }: TargetParts): RecipeEmitter {
  const { source, statistics, images, engine, loadInput, context } = emit;
  const emitModel = (reverted: readonly string[]): Model => {
    context.signal.throwIfAborted();
    return emulate(reverted).model;
  };
  const rank = (): ReturnType<typeof rankEmission> =>
    rankEmission(
      { source, images, layers: layersOf(source, dialectBase(source, statistics)), emit: emulate },
      { engine, loadInput, progress: context.progress, signal: context.signal },
    );
  return {
    name: `INT8 for ${name}`,
    form: '',
    emit: (reverted) => Promise.resolve({ bytes: serializeModel(emitModel(reverted)), auditFailure: null, notes: [] }),
    rank: once(rank),
    layerNames: (values) => Promise.resolve(layerNames(source.folded, values)),
  };
}

function outside(engine: string, lost: number, gate: QualityGate, { revertedLayers, worst }: FitTrail): string {
  const even = revertedLayers.length === 0 ? '' : ` even with ${String(revertedLayers.length)} layers in float`;
  const most = worst.slice(0, 3).map(({ layer, share }) => `${layer} (${(share * 100).toFixed(0)} %)`);
  const where = most.length === 0 ? '' : `; most of the error comes from ${most.join(', ')}`;
  return `INT8 ${gate.words(lost)} on the grid of ${engine}${even}${where}`;
}
