import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { evaluateCoco, readCocoDetections, readCocoGroundTruth } from '@takt/evaluation';
import { readGoldenSet } from '../golden/read-golden-set.js';
import { readRunnableModel } from '../golden/input-model.js';
import { measureAccuracy } from '../golden/measure-accuracy.js';
import { readCocoJson } from '../golden/read-coco-json.js';
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
  const golden = await readGoldenSet({ file: job.data, images: job.images }, model);
  const host = startHost(context.signal, model.name);
  try {
    await host.ask({ kind: 'load', model: model.path, engine: job.engine, threads: { intraOp: job.threads, spin: false } });
    const accuracy = await measureAccuracy(host, golden, (done, total) => {
      context.progress({ phase: 'evaluate', done, total, message: `${String(done)} of ${String(total)} images` });
    });
    const perClass = accuracy.perCategory.map(({ name, ap50, ap }) => ({ name, ap50, ap }));
    const { images, map50, map50_95, stats, groundTruth, detections } = accuracy;
    const result: EvaluateResult = { kind: 'evaluate', images, map50, map50_95, stats: [...stats], perClass, groundTruth, detections };
    return golden.classesBy === 'index' ? result : { ...result, classesBy: golden.classesBy };
  } finally {
    await host.close();
  }
}

async function evaluateDetections(job: Extract<EvaluateJob, { of: 'detections' }>): Promise<EvaluateResult> {
  const groundTruth = readCocoGroundTruth(await readCocoJson(job.groundTruth), job.groundTruth);
  const detections = readCocoDetections(await readCocoJson(job.detections), job.detections);
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
