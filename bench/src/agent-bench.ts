import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@takt/api-client';
import {
  createBaseline,
  createOptimised,
  createOutput,
  describeError,
  ensureTopology,
  pushContent,
  startFleet,
  startServices,
  untilEnded,
} from '@takt/demo';
import { createDurableFs } from '@takt/durable-fs';
import type { BenchRow } from './bench-result.js';
import { describeHost, resultLine } from './bench-result.js';
import { nodeFloorMiB, steadyMiB } from './process-memory.js';

/** A rate that leaves most of two cores to the build: what is measured is whether the build takes the line's share. */
const CAMERA_FPS = 10;
const NODE = { site: 'works', line: 'strip', folder: 'node' };
const root = join(import.meta.dirname, '..', '..');
const output = createOutput({ write: (text) => process.stdout.write(text), interactive: false, now: () => performance.now() });
const { signal } = new AbortController();

/** Frames delivered so far and the time, as the runtime's heartbeat last said. */
async function deliveredFrames(api: ApiClient): Promise<{ frames: number; dropped: number }> {
  const [slot] = (await api.call('listSlots')).items;
  return { frames: slot?.metrics?.framesDelivered ?? 0, dropped: slot?.metrics?.framesDropped ?? 0 };
}

/** Frames per second between two changes of the delivered counter around the time that `work` takes. */
async function deliveredFpsDuring(api: ApiClient, work: Promise<unknown>): Promise<number> {
  const points: { atMs: number; frames: number }[] = [];
  const run = { done: false };
  const ended = work.finally(() => (run.done = true));
  while (!run.done) {
    const { frames } = await deliveredFrames(api);
    if (frames !== points.at(-1)?.frames) points.push({ atMs: performance.now(), frames });
    await sleep(100);
  }
  await ended;
  const [first, last] = [points[1], points.at(-1)];
  return first === undefined || last === undefined || last === first
    ? Number.NaN
    : ((last.frames - first.frames) * 1000) / (last.atMs - first.atMs);
}

async function measure(dataDir: string): Promise<BenchRow[]> {
  const options = { once: true, fresh: false, servicesOnly: false, dataDir, port: 4700, startedAt: Date.now() };
  const services = await startServices({ root, node: process.execPath, options, fs: createDurableFs(), output, signal });
  const { api } = services;
  try {
    await pushContent(api, dataDir, () => undefined);
    await ensureTopology(api, [NODE]);
    await output.step('a node joins', () => startFleet(services, [NODE], () => undefined, signal));
    await api.call('updateLine', {
      params: { ref: NODE.line },
      body: { requiredFps: CAMERA_FPS * 0.9, source: { kind: 'image-directory', dataset: 'steel-frames', fps: CAMERA_FPS } },
    });
    const deploy = async (release: string): Promise<void> => {
      const { items } = await api.call('createDeployments', { body: { release, line: NODE.line } });
      await untilEnded(
        api,
        items.map((deployment) => deployment.id),
        300_000,
        () => undefined,
        signal,
      );
    };
    await createBaseline(api);
    await output.step('baseline serves', () => deploy('baseline'));
    await createOptimised(api);
    const duringBuild = await output.step('the optimised engine is built beside it', () => deliveredFpsDuring(api, deploy('optimised')));
    const agentPid = services.supervisor.pid(`${NODE.folder}-agent`) ?? 0;
    const agent = await output.step('agent at rest', async () => {
      await sleep(15_000);
      return steadyMiB(agentPid, 20, 500);
    });
    const floor = await nodeFloorMiB();
    const share = duringBuild / CAMERA_FPS;
    return [
      { metric: 'agent RSS, steady', value: agent, unit: 'MiB', target: 80, met: agent <= 80 },
      { metric: "Node.js's own floor (empty program)", value: floor, unit: 'MiB', target: null, met: null },
      { metric: 'agent RSS over the floor', value: agent / floor, unit: 'ratio', target: null, met: null },
      { metric: 'delivered FPS while building', value: duringBuild, unit: 'FPS', target: CAMERA_FPS * 0.95, met: share >= 0.95 },
      { metric: "delivered FPS while building, of the camera's rate", value: share, unit: 'ratio', target: 0.95, met: share >= 0.95 },
    ];
  } finally {
    await services.stop();
  }
}

const dataDir = await mkdtemp(join(tmpdir(), 'takt-bench-'));
try {
  output.line(`bench:agent on ${describeHost()}`);
  const rows = await measure(dataDir);
  for (const row of rows) {
    const verdict = row.met === null ? '' : row.met ? `  met (target ${String(row.target)})` : `  MISSED (target ${String(row.target)})`;
    output.line(`  ${row.metric.padEnd(52)} ${row.value.toFixed(2).padStart(8)} ${row.unit}${verdict}`);
  }
  output.line(resultLine('agent', {}, rows));
} catch (thrown) {
  process.stderr.write(`${describeError(thrown)}\n`);
  process.exitCode = 1;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
