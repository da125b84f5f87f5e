import { createHash } from 'node:crypto';
import type { DeploymentDetail, JobView } from '@takt/contracts';
import { asId, silentLogger } from '@takt/kernel';
import type { Digest, JobId, NodeId } from '@takt/kernel';
import type { Job, Stores } from '@takt/persistence';
import { until } from '@takt/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/boot/parts.js';
import { Calibrations } from '../src/rollout/calibration.js';
import { JobReconciler } from '../src/rollout/job-reconciler.js';
import { pushContent, upload } from './content.js';
import { Harness } from './harness.js';
import { TestNode } from './test-node.js';

let harness: Harness;
let raw: pg.Client;
let nodes: TestNode[];
let statistics: { digest: Digest; sizeBytes: number; fileName: string };

beforeAll(async () => {
  harness = await Harness.start({ TAKT_NODE_OFFLINE_SECONDS: '600', TAKT_JOB_LEASE_SECONDS: '600' });
  raw = new pg.Client({ connectionString: harness.stack.postgres.url });
  await raw.connect();
  await harness.ok('POST', '/sites', { name: 'north' });
  nodes = [await TestNode.join(harness, 'north', 'one'), await TestNode.join(harness, 'north', 'two')];
  await pushContent(harness);
  for (const name of ['one', 'two']) {
    const source = { kind: 'image-directory', path: '/frames', fps: 10 };
    await harness.ok('POST', '/lines', { site: 'north', slug: name, requiredFps: 1, source });
    await harness.ok('POST', '/slots', { line: name, node: name, model: 'detector' });
  }
  const bytes = Buffer.from('{"statistics":true}');
  await upload(harness, bytes, 'statistics.json');
  const digest = asId<Digest>(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  statistics = { digest, sizeBytes: bytes.length, fileName: 'statistics.json' };
});
afterAll(async () => {
  for (const node of nodes) await node.close();
  await raw.end();
  await harness.stop();
});
beforeEach(async () => {
  // As after a fresh start: no calibration is known and no deployment is open.
  await raw.query(`UPDATE deployments SET state = 'cancelled', ended_at = now() WHERE ended_at IS NULL`);
  await raw.query('UPDATE slots SET target_id = NULL');
  await raw.query(`DELETE FROM jobs WHERE kind = 'calibrate'`);
});

const deploy = async (slot: string): Promise<string> =>
  (await harness.ok<{ items: { id: string }[] }>('POST', '/deployments', { release: 'int8', slot })).items[0]?.id ?? '';
const detail = (id: string): Promise<DeploymentDetail> => harness.ok('GET', `/deployments/${id}`);
const calibrations = async (): Promise<JobView[]> =>
  (await harness.ok<{ items: JobView[] }>('GET', '/jobs')).items.filter((row) => row.kind === 'calibrate');
const wantedStatistics = async (node: TestNode | undefined): Promise<unknown> => {
  const row = await harness.controlPlane.parts.db.stores.desired.find(node?.identity.nodeId as NodeId);
  return row?.body.slots[0]?.deployment?.release.statistics;
};
const succeeded = (): Pick<Job, 'state' | 'result' | 'leaseUntil'> => ({
  state: 'succeeded',
  result: { kind: 'calibrate', statistics, images: 2, seconds: 1 },
  leaseUntil: null,
});
const failure = { code: 'WorkerCrashed', message: 'it crashed', action: 'look', retryable: false };

/** Deploys to slot two while another transaction has ended the job and has not committed yet. */
async function deployWhile(end: (stores: Stores, job: Job) => Promise<void>): Promise<string> {
  const [open] = await calibrations();
  let commit = (): void => undefined;
  const released = new Promise<void>((resolve) => (commit = resolve));
  let ended = false;
  const ending = harness.controlPlane.parts.db.transaction(async (stores) => {
    const job = await stores.jobs.lock(asId<JobId>(open?.id ?? ''));
    if (job === null) throw new Error('there is no job');
    await end(stores, job);
    ended = true;
    await released;
  });
  await until('the job has ended', () => ended);
  let made = false;
  const deploying = deploy('two@two').finally(() => {
    made = true;
  });
  await until('the deployment waits for the job, or is made', async () => {
    const { rowCount } = await raw.query(`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`);
    return made || (rowCount ?? 0) > 0;
  });
  commit();
  await ending;
  return deploying;
}

describe('a deployment made while the calibration it needs ends', () => {
  it('gets the statistics of one that succeeds', async () => {
    await deploy('one@one');
    await deployWhile(async (stores, job) => {
      await stores.jobs.update(job.id, succeeded());
      await harness.controlPlane.app.get(Calibrations).succeed(stores, { ...job, ...succeeded() }, new Date());
    });
    expect(await wantedStatistics(nodes[0])).toEqual(statistics);
    expect(await wantedStatistics(nodes[1])).toEqual(statistics);
    expect(await calibrations()).toHaveLength(1);
  });

  it('gets a calibration of its own after one that fails', async () => {
    const first = await deploy('one@one');
    const second = await deployWhile((stores, job) => harness.controlPlane.app.get(Calibrations).fail(stores, job, new Date(), failure));
    expect(await detail(first)).toMatchObject({ state: 'failed', reason: 'CalibrationFailed' });
    expect((await calibrations()).map((job) => job.state).sort()).toEqual(['failed', 'queued']);
    expect(await detail(second)).toMatchObject({ state: 'pending', calibration: { state: 'queued' } });
  });
});

describe('the reconciler', () => {
  it('tells deployments that missed the end of their calibration', async () => {
    const { stores } = harness.controlPlane.parts.db;
    const missed = async (change: Partial<Job>): Promise<void> => {
      const [job] = (await calibrations()).filter((row) => row.state === 'queued');
      await stores.jobs.update(asId<JobId>(job?.id ?? ''), change);
    };
    const failing = await deploy('one@one');
    await missed({ state: 'failed', error: failure, leaseUntil: null });
    await until('the deployment has failed', async () => (await detail(failing)).reason === 'CalibrationFailed');
    const id = await deploy('one@one');
    await missed(succeeded());
    await until('the statistics are wanted', async () => (await wantedStatistics(nodes[0])) !== null);
    expect(await wantedStatistics(nodes[0])).toEqual(statistics);
    expect((await detail(id)).state).toBe('pending');
    expect(await stores.jobs.calibrationsToSettle()).toEqual([]);
  });

  it('goes on with the other jobs when one cannot be handled', async () => {
    const { db } = harness.controlPlane.parts;
    const jobs = ['a', 'b', 'c'].map((letter) => asId<Digest>(`sha256:${letter.repeat(64)}`));
    for (const [at, modelDigest] of jobs.entries()) {
      await raw.query(
        `INSERT INTO jobs (id, kind, state, phase, progress, model_digest, model_name, calibration_digest, attempts, created_at, updated_at)
         VALUES (gen_random_uuid(), 'calibrate', 'queued', '', 0, $1, 'm', $1, 0, now() + $2 * interval '1 ms', now())`,
        [modelDigest, at],
      );
    }
    const handled: Digest[] = [];
    const reconciler = new JobReconciler(
      db,
      {
        assign: async (stores, id) => {
          const job = await stores.jobs.lock(id);
          if (job?.modelDigest === jobs[0]) throw new Error('not this one');
          if (job !== null) handled.push(job.modelDigest);
          return [];
        },
        settle: () => Promise.resolve(),
      },
      { sweep: () => Promise.resolve(0) },
      systemClock,
      silentLogger,
      Infinity,
    );
    await raw.query('UPDATE jobs SET node_id = NULL');
    await reconciler.reconcile();
    expect(handled).toEqual(expect.arrayContaining(jobs.slice(1)));
  });
});
