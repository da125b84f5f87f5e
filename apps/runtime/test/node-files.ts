import { createHash, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildResultSchema, committedSlotsSchema, desiredStateSchema } from '@takt/contracts';
import type { CommittedSlots, LineAssignment } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Digest, SlotId } from '@takt/kernel';
import { quickPolicy } from './line-under-test.js';
import { linePaths } from '../src/line-paths.js';

export const SLUG = 'line-1';
export const slotId = asId<SlotId>(randomUUID());
type Committed = CommittedSlots['slots'][SlotId];

const put = async (path: string, value: unknown): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(value));
};
const ref = (name: string): { digest: string; sizeBytes: number; fileName: string } => ({
  digest: `sha256:${createHash('sha256').update(name).digest('hex')}`,
  sizeBytes: 1,
  fileName: name,
});

/** A committed deployment as the agent notes it. */
export const committedOf = (name: string): Committed => {
  const release = {
    releaseId: randomUUID(),
    name,
    model: { name: 'strip', version: '1', artifact: ref('model') },
    golden: ref('golden'),
    calibration: null,
    statistics: null,
    needsStatistics: false,
    recipes: ['fp32'],
    threads: 'library-default',
    accuracyBudgetPoints: 0.4,
    buildCheck: { waived: false, reason: null },
    health: quickPolicy,
  };
  const one = { deploymentId: randomUUID(), buildKey: createHash('sha256').update(name).digest('hex'), release };
  return committedSlotsSchema.parse({ slots: { [slotId]: one } }).slots[slotId] as Committed;
};

/** Writes a finished build of the deployment, as the worker leaves it. */
export async function putBuild(dataDir: string, { buildKey }: Committed, artifact: Uint8Array): Promise<string> {
  const folder = join(linePaths(dataDir, SLUG).node.builds, buildKey);
  const artifactPath = join(folder, 'fp32.onnx');
  const digest = asId<Digest>(`sha256:${createHash('sha256').update(artifact).digest('hex')}`);
  const row = { engine: 'onnxruntime', precision: 'fp32', recipe: 'fp32', threads: { intraOp: 1, spin: false }, artifact: digest };
  const accuracy = { map50: 0.9, map50_95: 0.6, images: 64 };
  const speed = { p50Ms: 1, p95Ms: 1, p99Ms: 1, capacityFps: 1000, inferenceMs: 1, frames: 20 };
  const candidate = { ...row, artifactBytes: artifact.length, speed, accuracy, dropPoints: 0, verdict: 'chosen', reason: 'the only one' };
  const plan = { ...row, engineVersion: '1.30.0', fingerprint: 'test' };
  const build = { kind: 'build', plan, artifactPath, candidates: [candidate], fp32: accuracy, reason: 'the only one', seconds: 1 };
  await put(join(folder, 'build.json'), buildResultSchema.parse(build));
  await writeFile(artifactPath, artifact);
  return artifactPath;
}

/** Writes what the agent notes of the slot. */
export async function putNodeFiles(
  dataDir: string,
  files: {
    readonly current?: Committed;
    readonly rollback?: Committed;
    readonly desired?: Committed;
    readonly active?: Committed;
    readonly state?: string;
  },
): Promise<void> {
  const { node } = linePaths(dataDir, SLUG);
  const { current, rollback, desired, active, state } = files;
  if (current !== undefined) await put(node.current, { slots: { [slotId]: current } });
  if (rollback !== undefined) await put(node.rollback, { slots: { [slotId]: rollback } });
  if (active !== undefined || state !== undefined)
    await put(node.ledger, {
      deployments: desired === undefined ? {} : { [desired.deploymentId]: { slotId, state } },
      slots: active === undefined ? {} : { [slotId]: { activeDeploymentId: active.deploymentId, plan: null } },
    });
  if (desired === undefined) return;
  const slot = { slotId, line: assignment('/frames').line, deployment: { ...desired, buildJobId: randomUUID() } };
  const document = {
    schemaVersion: 1,
    nodeId: randomUUID(),
    epoch: randomUUID(),
    generation: 1,
    digest: ref('desired').digest,
    issuedAt: new Date(0).toISOString(),
    body: { slots: [slot], jobs: [] },
  };
  await put(node.desired, desiredStateSchema.parse(document));
}

export const assignment = (path: string): LineAssignment => ({
  slotId,
  line: {
    lineId: asId(randomUUID()),
    slug: SLUG,
    name: 'Line 1',
    requiredFps: 1,
    source: { kind: 'image-directory', path, fps: 20 },
  },
});
