import type { BuildResult, WorkerJob } from '@takt/contracts';
import { EngineName, Recipe, planSearchSpace } from '@takt/engines';
import { probeHardware } from '@takt/hardware-probe';
import { join } from 'node:path';
import { artifactFileName, saveInto } from '../golden/digest.js';
import { readGoldenSet } from '../golden/read-golden-set.js';
import { placeInputModel, readInputModel, requireDecoded } from '../golden/input-model.js';
import { requireObjects } from '../golden/require-objects.js';
import { accuracyMeter, widest } from '../golden/accuracy-meter.js';
import { latencyMeter } from '../benchmark/latency-meter.js';
import { openEmitParts } from '../emit/emit-parts.js';
import { libraryDefaultRecipe, ownRecipes, saturates } from '../emit/recipe-emitters.js';
import { withHostPool } from '../host/host-pool.js';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import { once } from '../process/once.js';
import { withWorkFolder } from '../process/work-folder.js';
import { decide } from './decide.js';
import type { RecipeEmitter } from './fit-budget.js';
import { makeArtifacts } from './make-artifacts.js';
import type { BuiltArtifact } from './make-artifacts.js';
import { measureCandidates } from './measure-candidates.js';

type BuildJob = Extract<WorkerJob, { kind: 'build' }>;

/** File that ends a build: whoever finds it finds a finished one. */
export const BUILD_FILE = 'build.json';

/**
 * Makes every artifact the release offers, measures all of them on this box, keeps the fastest plan inside the accuracy
 * budget: `<digest>.onnx` and, last, `build.json` in `outDir`.
 */
export async function buildJob(job: BuildJob, context: JobContext): Promise<BuildResult> {
  const start = context.clock.monotonic();
  const given = await readInputModel(job.model);
  const golden = await readGoldenSet({ file: job.golden, images: null }, requireDecoded(given));
  requireObjects(golden, job.golden);
  const { facts, fingerprint } = await probeHardware({ dataDir: job.outDir, signal: context.signal });
  const points = planSearchSpace(facts, { recipes: job.recipes, threads: job.threads });
  const recipes = [...new Set(points.map(({ recipe }) => recipe))];
  const run = async (folder: string, pool: HostPool): Promise<BuildResult> => {
    const save = saveInto(folder);
    const model = await placeInputModel(given, save);
    const threads = widest(points.map((point) => point.threads));
    const emitParts = once(() => openEmitParts(model, job, golden.images, context));
    const own = ownRecipes(emitParts);
    const emittersOf = async (recipe: Recipe): Promise<readonly RecipeEmitter[]> =>
      recipe === Recipe.int8 ? own(saturates(facts) ? 7 : 8) : [libraryDefaultRecipe(emitParts)];
    const { artifacts, failed } = await makeArtifacts(recipes, model, emittersOf, {
      save,
      budget: job.accuracyBudgetPoints,
      measure: accuracyMeter(pool, threads, golden, context),
      time: latencyMeter(pool, threads, context),
      discard: (path) => pool.drop(path),
    });
    const { candidates: audited, engineVersion } = await measureCandidates(points, artifacts, golden, job.frames, pool, context);
    const { candidates, chosen, reason } = decide(audited, failed, {
      budgetPoints: job.accuracyBudgetPoints,
      waived: job.buildCheckWaived,
      recipes: job.recipes,
    });
    const artifact = artifacts.find(({ recipe }) => recipe === chosen.recipe) as (typeof artifacts)[number];
    const [fp32] = artifacts as readonly [BuiltArtifact];
    const artifactPath = join(job.outDir, artifactFileName(artifact.digest));
    const { precision, recipe } = chosen;
    const result: BuildResult = {
      kind: 'build',
      plan: {
        engine: EngineName.onnxruntime,
        precision,
        recipe,
        threads: chosen.threads,
        artifact: artifact.digest,
        engineVersion,
        fingerprint,
      },
      artifactPath,
      candidates: [...candidates],
      fp32: { map50: fp32.accuracy.map50, map50_95: fp32.accuracy.map50_95, images: fp32.accuracy.images },
      reason: [reason, ...reverts(artifact), ...(artifact.choice === null ? [] : [artifact.choice])].join('; '),
      seconds: (context.clock.monotonic() - start) / 1000,
    };
    context.signal.throwIfAborted();
    await context.fs.write(artifactPath, artifact.bytes, 0o644);
    await context.fs.write(join(job.outDir, BUILD_FILE), `${JSON.stringify(result, null, 2)}\n`, 0o644);
    return result;
  };
  return withWorkFolder(job.outDir, (folder) => withHostPool(context, (pool) => run(folder, pool)));
}

const reverts = ({ revertedLayers }: BuiltArtifact): string[] =>
  revertedLayers.length === 0
    ? []
    : [`to keep accuracy ${revertedLayers.join(', ')} ${revertedLayers.length === 1 ? 'stays' : 'stay'} in float`];
