import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { evaluateCoco, readCocoDetections, readCocoGroundTruth } from '@takt/evaluation';
import { TaktError } from '@takt/kernel';
import { readFile } from 'node:fs/promises';
import { readGoldenSet } from '../golden/golden-set.js';
import { readRunnableModel, requireSameClasses } from '../golden/input-model.js';
import { measureAccuracy } from '../golden/measure-accuracy.js';
import { startHost } from '../host/host-client.js';
import type { JobContext } from '../job-context.js';

type EvaluateJob = Extract<WorkerJob, { kind: 'evaluate' }>;
type EvaluateResult = Extract<WorkerResult, { kind: 'evaluate' }>;

/** mAP of a model on a labelled set, or of detections against a ground truth. */
export function evaluateJob(job: EvaluateJob, context: JobContext): Promise<EvaluateResult> {
  return job.of === 'model' ? evaluateModel(job, context) : evaluateDetections(job);
}

async function evaluateModel(job: Extract<EvaluateJob, { of: 'model' }>, context: JobContext): Promise<EvaluateResult> {
  const model = await readRunnableModel(job.model);
  const golden = await readGoldenSet(job.data);
  requireSameClasses(model, golden, job.data);
  const host = startHost(context.signal, model.name);
  try {
    await host.ask({ kind: 'load', model: model.path, engine: job.engine, threads: { intraOp: job.threads, spin: false } });
    const accuracy = await measureAccuracy(host, golden, (done, total) => {
      context.progress({ phase: 'evaluate', done, total, message: `${String(done)} of ${String(total)} images` });
    });
    const perClass = accuracy.perCategory.map(({ name, ap50, ap }) => ({ name, ap50, ap }));
    const { images, map50, map50_95, stats, groundTruth, detections } = accuracy;
    return { kind: 'evaluate', images, map50, map50_95, stats: [...stats], perClass, groundTruth, detections };
  } finally {
    await host.close();
  }
}

async function evaluateDetections(job: Extract<EvaluateJob, { of: 'detections' }>): Promise<EvaluateResult> {
  const groundTruth = readCocoGroundTruth(await readJson(job.groundTruth), job.groundTruth);
  const detections = readCocoDetections(await readJson(job.detections), job.detections);
  const { stats, map50, map50_95, perCategory } = evaluateCoco(groundTruth, detections);
  return {
    kind: 'evaluate',
    images: groundTruth.images.length,
    map50,
    map50_95,
    stats: [...stats],
    perClass: perCategory.map(({ name, ap50, ap }) => ({ name, ap50, ap })),
    groundTruth: groundTruth.annotations.length,
    detections: detections.length,
  };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new TaktError({
      code: 'CocoFileInvalid',
      message: `${path} is not readable JSON: ${error instanceof Error ? error.message : String(error)}`,
      action: 'name a file with COCO JSON',
      component: 'worker',
      element: path,
      cause: error,
    });
  }
}
