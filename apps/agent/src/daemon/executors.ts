import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { upload } from '@takt/artifact-store';
import type { NodeStore } from '@takt/artifact-store';
import { activationOfBuild } from '@takt/contracts';
import type { Activation, DesiredSlot, DesiredState, WorkerJob } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Clock, DeploymentId, Logger } from '@takt/kernel';
import { needsCalibrationImages } from '@takt/reconcile';
import type { StepExecutors, StepOf } from '@takt/reconcile';
import type { Link } from '../link/link.js';
import type { Runtimes } from '../runtime/runtimes.js';
import type { NodeMemory } from '../state/memory.js';
import type { Reporter } from '../state/reporter.js';
import type { JobsOnDisk } from '../work/jobs-on-disk.js';
import type { WorkManager } from '../work/work-manager.js';
import type { JobProgress } from './job-progress.js';
import type { WorkerLauncher } from './worker-launcher.js';

export interface ExecutorDeps {
  readonly store: NodeStore;
  readonly jobs: JobsOnDisk;
  readonly work: WorkManager;
  readonly reporter: Reporter;
  readonly memory: NodeMemory;
  readonly runtimes: Runtimes;
  readonly link: Link;
  readonly worker: WorkerLauncher;
  readonly progress: JobProgress;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly buildFrames: number;
  readonly desired: () => DesiredState | undefined;
  readonly buildKeyOf: (slot: DesiredSlot) => string | undefined;
}

/** Carries out each kind of step. Long ones are started in the background; the rest is done when the promise resolves. */
export function createExecutors(deps: ExecutorDeps): StepExecutors<Promise<void>> {
  const { store, jobs, work, reporter, memory, runtimes, link, worker, progress } = deps;
  const started = Promise.resolve();

  return {
    'fetch-artifact': ({ key, ref }) => {
      work.start(key, async (signal) => {
        await store.fetch(ref, { url: () => link.readUrl(ref.digest), signal });
      });
      return started;
    },

    'unpack-dataset': ({ key, digest }) => {
      work.start(key, async (signal) => {
        await store.unpack(digest, { signal });
      });
      return started;
    },

    calibrate: (step) => {
      work.start(step.key, (signal) => calibrate(deps, step, signal), { heavy: true });
      return started;
    },

    'finish-calibration': ({ key, calibrationKey, jobId }) => {
      work.start(key, async (signal) => {
        const { statistics, images, seconds } = await jobs.calibration(calibrationKey);
        try {
          await store.verify(statistics.digest);
        } catch (thrown) {
          // No one else has the file yet, so it cannot be fetched.
          await jobs.forgetCalibration(calibrationKey);
          throw thrown;
        }
        await upload(store.artifactPath(statistics.digest), statistics, await link.writeUrl(statistics), signal);
        const result = { kind: 'calibrate' as const, statistics, images, seconds };
        await reporter.report({
          kind: 'job',
          jobId,
          jobKind: 'calibrate',
          state: 'succeeded',
          phase: 'done',
          progress: 1,
          etaSeconds: 0,
          result,
          error: null,
        });
      });
      return started;
    },

    build: (step) => {
      work.start(
        step.key,
        async (signal) => {
          const slot = slotOf(deps, step.deploymentId);
          await jobs.prepareBuild(step.buildKey);
          await worker.run(await buildJobOf(deps, slot, step.buildKey), signal, (message) => {
            progress.report(step.buildJobId, 'build', message);
          });
        },
        { heavy: true },
      );
      return started;
    },

    'assign-line': ({ key, slot }) =>
      work.attempt(key, async () => {
        const wanted = deps.desired()?.body.slots.find(({ slotId }) => slotId === slot.slotId);
        if (wanted !== undefined) await runtimes.client(wanted.line.slug).assignLine(runtimes.assignment(wanted));
      }),

    activate: ({ key, slug, deploymentId, buildKey }) =>
      work.attempt(key, async () => {
        await runtimes.client(slug).activate(await activationOf(deps, slotOf(deps, deploymentId), buildKey));
      }),

    observe: () => started,
    wait: () => started,

    'remember-failure': ({ contentKey, deploymentId, reason, message }) =>
      memory.rememberFailure(contentKey, { deploymentId, reason, message }),

    'report-deployment': async (step) => {
      const slot = deps.desired()?.body.slots.find(({ deployment }) => deployment?.deploymentId === step.deploymentId);
      if (step.state === 'committed' && slot !== undefined) await memory.commit(slot, deps.buildKeyOf(slot) ?? '');
      await reporter.report({
        kind: 'deployment',
        deploymentId: step.deploymentId,
        slotId: step.slotId,
        generation: deps.desired()?.generation ?? 0,
        state: step.state,
        reason: step.reason,
        message: step.message,
        health: healthOf(runtimes, step),
        error: step.error,
      });
    },

    'report-job': async (step) => {
      const record = step.buildKey === null ? null : await jobs.build(step.buildKey);
      progress.end(step.jobId);
      await reporter.report({
        kind: 'job',
        jobId: step.jobId,
        jobKind: step.jobKind,
        state: step.state,
        phase: step.state === 'succeeded' ? 'done' : step.state,
        progress: step.state === 'succeeded' ? 1 : 0,
        etaSeconds: null,
        result:
          record === null
            ? null
            : {
                kind: 'build',
                plan: record.plan,
                candidates: record.candidates,
                reason: record.reason,
                reused: step.reused,
                seconds: record.seconds,
              },
        error: step.error,
      });
    },
  };
}

const healthOf = (
  runtimes: Runtimes,
  step: StepOf<'report-deployment'>,
): Extract<Parameters<Reporter['report']>[0], { kind: 'deployment' }>['health'] =>
  step.outcomeOf === null
    ? null
    : (runtimes.status(step.outcomeOf)?.outcomes.findLast(({ deploymentId }) => deploymentId === step.deploymentId)?.health ?? null);

/** @throws TaktError `NotWanted`: a newer desired state came while the plan was carried out */
function slotOf(
  deps: Pick<ExecutorDeps, 'desired'>,
  deploymentId: DeploymentId,
): DesiredSlot & { deployment: NonNullable<DesiredSlot['deployment']> } {
  const slot = deps.desired()?.body.slots.find(({ deployment }) => deployment?.deploymentId === deploymentId);
  if (slot?.deployment !== undefined && slot.deployment !== null) return { ...slot, deployment: slot.deployment };
  throw new TaktError({
    code: 'NotWanted',
    message: `deployment ${deploymentId} is not wanted any more`,
    action: 'nothing to do',
    component: 'agent',
    element: deploymentId,
    retryable: true,
  });
}

async function calibrate(deps: ExecutorDeps, { calibrationKey, job }: StepOf<'calibrate'>, signal: AbortSignal): Promise<void> {
  const { jobs, store, worker, progress } = deps;
  const out = join(jobs.calibrationFolder(calibrationKey), 'statistics.json');
  await jobs.prepareCalibration(calibrationKey);
  await store.verify(job.model.digest);
  await store.verifyDataset(job.calibration.digest);
  const result = await worker.run(
    {
      kind: 'calibrate',
      model: store.artifactPath(job.model.digest),
      calibration: store.datasetPath(job.calibration.digest),
      sample: job.sample,
      seed: job.seed,
      out,
    },
    signal,
    (message) => {
      progress.report(job.jobId, 'calibrate', message);
    },
  );
  const statistics = await store.adopt(result.statistics, 'statistics.json');
  await jobs.finishCalibration(calibrationKey, { statistics, images: result.images, seconds: result.seconds });
}

async function buildJobOf(
  { store, jobs, buildFrames }: ExecutorDeps,
  { deployment: { release } }: DesiredSlot & { deployment: NonNullable<DesiredSlot['deployment']> },
  buildKey: string,
): Promise<Extract<WorkerJob, { kind: 'build' }>> {
  const datasets = [release.golden, ...(release.calibration !== null && needsCalibrationImages(release) ? [release.calibration] : [])];
  for (const { digest } of [release.model.artifact, ...(release.statistics === null ? [] : [release.statistics])])
    await store.verify(digest);
  for (const { digest } of datasets) await store.verifyDataset(digest);
  return {
    kind: 'build',
    model: store.artifactPath(release.model.artifact.digest),
    statistics: release.statistics === null ? null : store.artifactPath(release.statistics.digest),
    calibration: release.calibration !== null && needsCalibrationImages(release) ? store.datasetPath(release.calibration.digest) : null,
    golden: await goldenFile(store.datasetPath(release.golden.digest)),
    recipes: release.recipes,
    threads: release.threads,
    accuracyBudgetPoints: release.accuracyBudgetPoints,
    buildCheckWaived: release.buildCheck.waived,
    frames: buildFrames,
    outDir: jobs.buildFolder(buildKey),
  };
}

/** `data.yaml` of an unpacked data set. */
async function goldenFile(folder: string): Promise<string> {
  const file = join(folder, 'data.yaml');
  if ((await stat(file).catch(() => undefined)) !== undefined) return file;
  throw new TaktError({
    code: 'GoldenSetInvalid',
    message: `the golden set has no data.yaml at its top (${folder})`,
    action: 'push the folder that holds data.yaml with "takt dataset push DIR --as golden", then make the release again',
    phase: 'building',
    component: 'agent',
    element: folder,
  });
}

async function activationOf(
  { jobs }: ExecutorDeps,
  { deployment }: DesiredSlot & { deployment: NonNullable<DesiredSlot['deployment']> },
  buildKey: string,
): Promise<Activation> {
  const activation = activationOfBuild(await jobs.verifiedBuild(buildKey), deployment);
  if (activation !== undefined) return activation;
  throw new TaktError({
    code: 'BuildInvalid',
    message: `the build ${buildKey} names no chosen candidate`,
    action: 'nothing to do; it is built again',
    component: 'agent',
    element: jobs.buildFolder(buildKey),
    retryable: true,
  });
}
