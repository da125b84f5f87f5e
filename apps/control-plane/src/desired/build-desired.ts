import type { ArtifactRef, DesiredJob, DesiredSlot, DesiredState, FrameSource, ReleaseSpec } from '@takt/contracts';
import type { Deployment, Job, Line, Slot, Stores } from '@takt/persistence';
import { asId } from '@takt/kernel';
import type { Digest, NodeId } from '@takt/kernel';

/** Images a calibration uses at most, and the seed they are drawn with: part of what makes one statistics file. */
const CALIBRATION = { sample: 500, seed: 0 } as const;

/** What is wanted of a node, read from the rows. Everything is sorted, so equal rows give equal bytes. */
export async function buildDesiredBody(stores: Stores, nodeId: NodeId): Promise<DesiredState['body']> {
  const slots = await stores.slots.ofNode(nodeId);
  const lines = new Map((await stores.lines.byIds(slots.map((slot) => slot.lineId))).map((line) => [line.id, line]));
  const desired: DesiredSlot[] = [];
  for (const slot of slots) {
    const line = lines.get(slot.lineId);
    if (line !== undefined) desired.push(await desiredSlot(stores, slot, line));
  }
  const jobs: DesiredJob[] = [];
  for (const job of await stores.jobs.openCalibrationsOf(nodeId)) jobs.push(await desiredJob(stores, job));
  return { slots: desired, jobs };
}

async function desiredSlot(stores: Stores, slot: Slot, line: Line): Promise<DesiredSlot> {
  const deployment = slot.targetId === null ? null : await stores.deployments.find(slot.targetId);
  return {
    slotId: slot.id,
    line: { lineId: line.id, slug: line.slug, name: line.name, requiredFps: line.requiredFps, source: await frameSource(stores, line) },
    deployment:
      deployment === null
        ? null
        : {
            deploymentId: deployment.id,
            buildJobId: deployment.buildJobId,
            release: await releaseSpec(stores, deployment),
            ...(deployment.revertOf === null ? {} : { revert: true }),
          },
  };
}

async function frameSource(stores: Stores, line: Line): Promise<FrameSource> {
  const { kind, path, datasetId, fps } = line.source;
  if (datasetId === null) return { kind, fps, ...(path === null ? {} : { path }) };
  return { kind, fps, dataset: await datasetRef(stores, datasetId) };
}

async function releaseSpec(stores: Stores, deployment: Deployment): Promise<ReleaseSpec> {
  const release = await stores.releases.find(deployment.releaseId);
  const model = release === null ? null : await stores.content.findModel(release.modelId);
  if (release === null || model === null) throw new Error(`deployment ${deployment.id} names a release that is not there`);
  const calibration = release.calibrationId === null ? null : await datasetRef(stores, release.calibrationId);
  const job = release.needsStatistics && calibration !== null ? await stores.jobs.calibrationOf(model.digest, calibration.digest) : null;
  return {
    releaseId: release.id,
    name: release.name,
    model: { name: model.name, version: model.version, artifact: await artifactRef(stores, model.digest) },
    golden: await datasetRef(stores, release.goldenId),
    calibration,
    statistics: job?.state === 'succeeded' && job.result?.kind === 'calibrate' ? job.result.statistics : null,
    needsStatistics: release.needsStatistics,
    recipes: [...release.recipes],
    threads: release.threads,
    accuracyBudgetPoints: release.accuracyBudgetPoints,
    buildCheck: release.buildCheck,
    health: {
      ...release.health,
      ...(deployment.onPerformanceBreach === null ? {} : { onPerformanceBreach: deployment.onPerformanceBreach }),
    },
  };
}

async function desiredJob(stores: Stores, job: Job): Promise<DesiredJob> {
  if (job.calibrationDigest === null) throw new Error(`calibrate job ${job.id} names no calibration set`);
  return {
    jobId: job.id,
    kind: 'calibrate',
    model: await artifactRef(stores, job.modelDigest),
    calibration: await artifactRef(stores, job.calibrationDigest),
    ...CALIBRATION,
  };
}

async function datasetRef(stores: Stores, datasetId: string): Promise<ArtifactRef> {
  const dataset = await stores.content.findDataset(datasetId);
  if (dataset === null) throw new Error(`data set ${datasetId} is not there`);
  return artifactRef(stores, dataset.digest);
}

async function artifactRef(stores: Stores, digest: Digest): Promise<ArtifactRef> {
  const artifact = await stores.content.findArtifact(digest);
  if (artifact === null) throw new Error(`artifact ${digest} is not there`);
  return { digest: asId<Digest>(artifact.digest), sizeBytes: artifact.sizeBytes, fileName: artifact.fileName };
}
