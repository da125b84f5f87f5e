import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { createOrtAdapter } from '@takt/engine-ort';
import { EngineName, Precision, threadPolicies } from '@takt/engines';
import { probeHardware } from '@takt/hardware-probe';
import { TaktError } from '@takt/kernel';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { measureLatency } from '../benchmark/measure-latency.js';
import { readStatistics } from '../build/emitter.js';
import { calibrate } from '../calibrate/calibrate.js';
import { readGoldenSet } from '../golden/golden-set.js';
import type { GoldenSet } from '../golden/golden-set.js';
import { readInputModel, requireSameClasses } from '../golden/input-model.js';
import { createLoadInput } from '../golden/load-input.js';
import { measureAccuracy } from '../golden/measure-accuracy.js';
import { withHosts } from '../host/with-hosts.js';
import type { JobContext } from '../job-context.js';
import { withWorkFolder } from '../process/work-folder.js';
import { chooseVariant } from './choose-variant.js';
import type { MeasuredVariant } from './choose-variant.js';
import { makeVariants } from './make-variants.js';
import type { Variant } from './make-variants.js';
import { report } from './report.js';

type QuantizeJob = Extract<WorkerJob, { kind: 'quantize' }>;
type QuantizeResult = Extract<WorkerResult, { kind: 'quantize' }>;

const ROUNDS = 5;
const ITERATIONS = 20;

/**
 * From a model to the file to use on this machine: statistics, INT8 variants, latency and accuracy beside FP32, the choice.
 * Writes `statistics.json`, `onnxruntime.onnx` and `report.md` into `outDir`.
 */
export async function quantizeJob(job: QuantizeJob, context: JobContext): Promise<QuantizeResult> {
  const model = await readInputModel(job.model);
  const golden = job.golden === null ? null : await readGoldenSet(job.golden);
  if (golden !== null && job.golden !== null) requireSameClasses(model, golden, job.golden);
  const { facts } = await probeHardware({ dataDir: job.outDir, signal: context.signal });
  return withWorkFolder(job.outDir, async (folder) => {
    const statisticsPath = join(job.outDir, 'statistics.json');
    const statistics = await provideStatistics(job, statisticsPath, context);
    const { variants, refusals } = await makeVariants(model, facts, statistics, folder, context);
    const measured = await measure(variants, threadPolicies(facts, job.threads), golden, context);
    const { chosen, reference, reason } = chooseVariant(measured, job.accuracyBudgetPoints);
    const why = [reason, ...refusals].join('; ');
    context.signal.throwIfAborted();
    const file = join(job.outDir, `${EngineName.onnxruntime}.onnx`);
    const text = report({
      model: model.name,
      images: golden?.images.length ?? null,
      budgetPoints: job.accuracyBudgetPoints,
      reason: why,
      measured,
      reference,
      chosen,
      notes: chosen.variant.notes,
    });
    await context.fs.write(file, chosen.variant.bytes, 0o644);
    await context.fs.write(join(job.outDir, 'report.md'), text, 0o644);
    const { map50, map50_95, latencyMs } = chosen;
    const precision = chosen.int8 ? Precision.int8 : Precision.fp32;
    return {
      kind: 'quantize',
      targets: { [EngineName.onnxruntime]: { file, precision, map50, map50_95, latencyMs, reverted: [], reason: why } },
      fp32: { map50: reference.map50, map50_95: reference.map50_95, latencyMs: reference.latencyMs },
      statistics: statisticsPath,
    };
  });
}

/** Content of the statistics file, which lies at `path` afterwards. */
async function provideStatistics(job: QuantizeJob, path: string, context: JobContext): Promise<string> {
  if (job.statistics !== null) {
    const text = await readStatistics(job.statistics);
    if (resolve(job.statistics) !== resolve(path)) await context.fs.write(path, text, 0o644);
    return text;
  }
  if (job.calibration === null) {
    throw new TaktError({
      code: 'CalibrationMissing',
      message: 'quantizing needs a statistics file or a folder of calibration images, and the job names neither',
      action: 'name a folder with images like those the model will see',
      component: 'worker',
    });
  }
  const { fs, clock, progress, signal } = context;
  const { model, calibration, sample, seed } = job;
  const deps = { fs, clock, engine: createOrtAdapter(), loadInput: createLoadInput(clock) };
  await calibrate({ kind: 'calibrate', model, calibration, sample, seed, out: path }, deps, progress, signal);
  return readFile(path, 'utf8');
}

interface MeasuredArtifact extends MeasuredVariant {
  readonly variant: Variant;
}

async function measure(
  variants: readonly Variant[],
  policies: ReturnType<typeof threadPolicies>,
  golden: GoldenSet | null,
  context: JobContext,
): Promise<MeasuredArtifact[]> {
  const specs = variants.flatMap((variant) => policies.map((threads) => ({ path: variant.path, label: variant.name, threads, variant })));
  return withHosts(specs, context, async (hosts) => {
    const accuracies = new Map<Variant, { map50: number; map50_95: number }>();
    for (const { spec, host } of golden === null ? [] : hosts.toReversed()) {
      // The last policy has the most threads; what is found does not depend on it.
      if (golden === null || accuracies.has(spec.variant)) continue;
      const accuracy = await measureAccuracy(host, golden, (done, total) => {
        context.progress({ phase: `evaluate ${spec.label}`, done, total, message: `accuracy of ${spec.label}: image ${String(done)}` });
      });
      accuracies.set(spec.variant, accuracy);
    }
    const latencies = await measureLatency(
      hosts.map(({ host }) => host),
      ROUNDS,
      ITERATIONS,
      context,
    );
    return hosts.map(({ spec }, index) => {
      const accuracy = accuracies.get(spec.variant);
      return {
        variant: spec.variant,
        name: spec.variant.name,
        int8: spec.variant.int8,
        threads: spec.threads,
        latencyMs: latencies[index]?.medianMs ?? Number.NaN,
        map50: accuracy?.map50 ?? null,
        map50_95: accuracy?.map50_95 ?? null,
      };
    });
  });
}
