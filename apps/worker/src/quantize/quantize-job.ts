import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { createOrtAdapter } from '@takt/engine-ort';
import { EngineName, Precision, threadPolicies } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';
import { probeHardware } from '@takt/hardware-probe';
import { basename, join, resolve } from 'node:path';
import { measureLatency } from '../benchmark/measure-latency.js';
import { latencyMeter } from '../benchmark/latency-meter.js';
import { openVinoMeter } from '../benchmark/openvino-meter.js';
import { calibrateModel } from '../calibrate/calibrate.js';
import { calibrationMissing, openEmitParts, readStatistics } from '../emit/emit-parts.js';
import { readGoldenSet } from '../golden/read-golden-set.js';
import { formOf, placeInputModel, readInputModel, requireDecoded } from '../golden/input-model.js';
import type { InputModel } from '../golden/input-model.js';
import { requireObjects } from '../golden/require-objects.js';
import { createLoadInput } from '../golden/load-input.js';
import { saveInto } from '../golden/digest.js';
import { widest } from '../golden/accuracy-meter.js';
import type { HostClient } from '../host/host-client.js';
import { withHostPool } from '../host/host-pool.js';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import { once } from '../process/once.js';
import { withWorkFolder } from '../process/work-folder.js';
import { openQuality } from '../quality/open-quality.js';
import { chooseVariant } from './choose-variant.js';
import type { MeasuredVariant } from './choose-variant.js';
import { makeVariants } from './make-variants.js';
import type { Variant } from './make-variants.js';
import { report } from './report.js';
import { makeTargets } from './targets/make-targets.js';
import type { MadeTarget, TargetFiles } from './targets/target.js';

type QuantizeJob = Extract<WorkerJob, { kind: 'quantize' }>;
type QuantizeResult = Extract<WorkerResult, { kind: 'quantize' }>;

/** Short turns: load that comes and goes within seconds meets every artifact about equally. */
const ROUNDS = 20;
const ITERATIONS = 6;

/**
 * From a model to the file to use on this machine: statistics, INT8 variants, latency and accuracy beside FP32, the choice.
 * Writes `statistics.json`, `onnxruntime.onnx`, the files of the other targets and `report.md` into `outDir`.
 */
export async function quantizeJob(job: QuantizeJob, context: JobContext): Promise<QuantizeResult> {
  const given = await readInputModel(job.model, { family: job.family, pixels: job.pixels });
  const golden = job.golden === null ? null : await readGoldenSet({ file: job.golden, images: job.goldenImages }, requireDecoded(given));
  if (golden !== null && job.golden !== null) requireObjects(golden, job.golden);
  const { facts } = await probeHardware({ dataDir: job.outDir, signal: context.signal });
  const policies = threadPolicies(facts, job.threads);
  const run = async (folder: string, pool: HostPool): Promise<QuantizeResult> => {
    const save = saveInto(folder);
    const model = await placeInputModel(given, save);
    const statistics = join(job.outDir, 'statistics.json');
    await provideStatistics(job, model, statistics, context);
    const threads = widest(policies);
    const { calibration, accuracyBudgetPoints: budgetPoints, outputBudgetPercent } = job;
    const { meter, fp32 } = await openQuality({ model, golden, calibration, budgetPoints, outputBudgetPercent }, pool, threads, context);
    const emitParts = once(() => openEmitParts(model, { statistics, calibration: null }, meter.images, context));
    const parts = {
      save,
      meter,
      format: job.format,
      time: latencyMeter(pool, threads, context),
      discard: (path: string) => pool.drop(path),
    };
    const { variants, refusals } = await makeVariants(model, facts, fp32, emitParts, parts);
    const measured = await measureVariants(variants, policies, pool, context);
    const { chosen, reference, reason } = chooseVariant(measured, meter.gate);
    const why = [reason, ...refusals].join('; ');
    const foreign = [...new Set(job.targets)].filter((target) => target !== 'onnxruntime');
    const files: TargetFiles = new Map();
    const others = await makeTargets(foreign, facts, {
      emit: await emitParts(),
      fit: parts,
      fp32: { path: model.path, quality: fp32 },
      timeOnOpenVino: openVinoMeter(pool, threads, context),
      outDir: job.outDir,
      files,
    });
    context.signal.throwIfAborted();
    const file = join(job.outDir, `${EngineName.onnxruntime}.onnx`);
    const text = report({
      model: model.name,
      gate: meter.gate,
      reason: why,
      measured,
      reference,
      chosen,
      notes: [
        ...(model.changed === null ? [] : [`FP32 is ${formOf(model)}`]),
        ...chosen.variant.notes,
        ...variants.flatMap(({ name, choice }) => (choice === null ? [] : [`${name}: ${choice}`])),
      ],
      fitted: [
        ...variants.filter(({ worst }) => worst.length > 0).map((variant) => ({ ...variant, name: `${variant.name} for ONNX Runtime` })),
        ...Object.entries(others).flatMap(([target, made]) => (made.worst.length > 0 ? [{ ...made, name: `INT8 for ${target}` }] : [])),
      ],
      others: Object.entries(others).map(([target, made]) => ({ target, ...made, file: basename(made.file) })),
    });
    await context.fs.write(file, chosen.variant.bytes, 0o644);
    for (const [name, content] of files) await context.fs.write(join(job.outDir, name), content, 0o644);
    await context.fs.write(join(job.outDir, 'report.md'), text, 0o644);
    const { map50, map50_95, lost, latencyMs } = chosen;
    const precision = chosen.int8 ? Precision.int8 : Precision.fp32;
    return {
      kind: 'quantize',
      targets: {
        [EngineName.onnxruntime]: {
          file,
          precision,
          map50,
          map50_95,
          lost: figure(lost),
          latencyMs,
          reverted: [...chosen.variant.revertedLayers],
          reason: why,
        },
        ...Object.fromEntries(Object.entries(others).map(([target, made]) => [target, resultOf(made)])),
      },
      loss: { by: meter.gate.by, budget: meter.gate.budget, images: meter.images.length },
      fp32: { map50: reference.map50, map50_95: reference.map50_95, latencyMs: reference.latencyMs },
      statistics,
      ...(golden === null || golden.classesBy === 'index' ? {} : { classesBy: golden.classesBy }),
    };
  };
  return withWorkFolder(job.outDir, (folder) => withHostPool(context, (pool) => run(folder, pool)));
}

/** JSON has no infinity. */
const figure = (value: number): number | null => (Number.isFinite(value) ? value : null);

function resultOf({
  file,
  precision,
  map50,
  map50_95,
  lost,
  latencyMs,
  revertedLayers,
  reason,
}: MadeTarget): QuantizeResult['targets'][string] {
  return { file, precision, map50, map50_95, lost: figure(lost), latencyMs, reverted: [...revertedLayers], reason };
}

/** Puts the job's statistics file at `path`, or makes it there. */
async function provideStatistics(job: QuantizeJob, model: InputModel, path: string, context: JobContext): Promise<void> {
  if (job.statistics !== null) {
    const text = await readStatistics(job.statistics);
    if (resolve(job.statistics) !== resolve(path)) await context.fs.write(path, text, 0o644);
    return;
  }
  if (job.calibration === null) throw calibrationMissing();
  const { fs, clock, progress, signal } = context;
  const { calibration, sample, seed } = job;
  const deps = { fs, clock, engine: createOrtAdapter(), loadInput: createLoadInput(clock) };
  await calibrateModel(model, { calibration, sample, seed, out: path }, deps, progress, signal);
}

interface MeasuredArtifact extends MeasuredVariant {
  readonly variant: Variant;
}

/** Inference latency of every variant at every thread setting, in turns. */
async function measureVariants(
  variants: readonly Variant[],
  policies: readonly ThreadPolicy[],
  pool: HostPool,
  context: JobContext,
): Promise<MeasuredArtifact[]> {
  const entries: { readonly variant: Variant; readonly threads: ThreadPolicy; readonly host: HostClient }[] = [];
  for (const variant of variants) {
    for (const threads of policies) {
      const { host } = await pool.get(variant.path, threads, variant.name);
      entries.push({ variant, threads, host });
    }
  }
  const hosts = entries.map(({ host }) => host);
  const latencies = await measureLatency(hosts, ROUNDS, ITERATIONS, context);
  return entries.map(({ variant, threads }, index) => ({
    variant,
    name: variant.name,
    int8: variant.int8,
    threads,
    latencyMs: latencies[index]?.medianMs ?? Number.NaN,
    map50: variant.quality.accuracy?.map50 ?? null,
    map50_95: variant.quality.accuracy?.map50_95 ?? null,
    lost: variant.quality.lost,
  }));
}
