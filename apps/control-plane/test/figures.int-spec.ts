import { API_PREFIX, fleetFiguresSchema, modelFiguresSchema, slotSamplesSchema } from '@takt/contracts';
import type { DeploymentDetail, FleetFigures, Heartbeat, ModelFigures, SlotSamples, SlotView } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import type { SlotId } from '@takt/kernel';
import { SteppedClock, until } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReportRetention } from '../src/reports/report-retention.js';
import { pushContent } from './content.js';
import { Harness } from './harness.js';
import { TestNode } from './test-node.js';

const clock = new SteppedClock();
let harness: Harness;
let north: TestNode;
let south: TestNode;
let slot: SlotView;
let southSlot: SlotView;

const line = (site: string): Promise<unknown> =>
  harness.ok('POST', '/lines', {
    site,
    slug: `press-${site}`,
    requiredFps: 5,
    source: { kind: 'image-directory', path: '/frames', fps: 10 },
  });

beforeAll(async () => {
  harness = await Harness.start({ TAKT_NODE_OFFLINE_SECONDS: '600', TAKT_SAMPLE_SECONDS: '1', TAKT_SAMPLE_HOURS: '2' }, silentLogger, {
    clock,
  });
  await pushContent(harness);
  for (const site of ['north', 'south']) {
    await harness.ok('POST', '/sites', { name: site });
    await line(site);
  }
  north = await TestNode.join(harness, 'north', 'box north');
  south = await TestNode.join(harness, 'south', 'box south');
  slot = await harness.ok('POST', '/slots', { line: 'press-north', node: 'box-north', model: 'detector' });
  southSlot = await harness.ok('POST', '/slots', { line: 'press-south', node: 'box-south', model: 'detector' });
});
afterAll(async () => {
  await north.close();
  await south.close();
  await harness.stop();
});

const stores = () => harness.controlPlane.parts.db.stores;
const START = Date.now();
const since = new Date(START).toISOString();

/** Live figures of a slot whose runtime has delivered `frames` frames at 10 a second. */
const metrics = (slotId: string, frames: number): Heartbeat['slots'][number] => ({
  slotId: slotId as never,
  runtimeReachable: true,
  activeDeploymentId: null,
  deliveredFps: 10,
  requiredFps: 5,
  serviceP50Ms: 20,
  serviceP95Ms: 30,
  serviceP99Ms: 31,
  framesDelivered: frames,
  framesDropped: 0,
  errors: 0,
  counters: { since, elapsedMs: frames * 100, delivered: frames, dropped: 1, errors: 0, serviceTime: frames === 0 ? [] : [[61, frames]] },
});
const samplesOf = (id: string) => stores().samples.between([id as SlotId], new Date(0), new Date(START + 86_400_000));

describe('samples', () => {
  it('come from heartbeats, at most one per slot and second', async () => {
    let frames = 0;
    // Four beats in each of three seconds.
    for (let beat = 0; beat < 12; beat += 1) {
      frames += 2;
      const numbers = new Map([
        [north.identity.nodeId, north.beat([metrics(slot.id, frames)])],
        // What another node says of a slot counts for nothing.
        [south.identity.nodeId, south.beat([metrics(slot.id, 1_000_000)])],
      ]);
      await until('both are written', async () => {
        const written = await stores().nodes.liveness([...numbers.keys()]);
        return [...numbers].every(([id, number]) => written.get(id)?.heartbeat?.uptimeSeconds === number);
      });
      clock.advance(250);
    }
    await until('three samples are kept', async () => (await samplesOf(slot.id)).length >= 3);
    const kept = await samplesOf(slot.id);
    const seconds = kept.map(({ at }) => Math.floor(at.getTime() / 1000));
    expect(new Set(seconds).size).toBe(seconds.length);
    expect(Math.max(...kept.map(({ counters }) => counters.delivered))).toBeLessThan(1_000_000);
    expect(kept[0]).toMatchObject({ slotId: slot.id, deploymentId: null, counters: { since, serviceTime: [[61, expect.any(Number)]] } });
  });

  it('are one per window whoever writes, and none of a slot that is another’s or nobody’s', async () => {
    // Windows begin at whole multiples of their length: the readings below have to lie in one of them.
    const windowMs = 10_000;
    const at = new Date(Math.floor((START - 60_000) / windowMs) * windowMs);
    const { counters } = metrics(slot.id, 100);
    if (counters === null) throw new Error('no counters');
    const reading = (
      ms: number,
      slotId: string = slot.id,
      nodeId = north.identity.nodeId,
    ): Parameters<ReturnType<typeof stores>['samples']['record']>[0][number] => ({
      nodeId,
      slotId: slotId as SlotId,
      at: new Date(at.getTime() + ms),
      deploymentId: null,
      counters,
    });
    // Another node's word comes first and takes nothing.
    const foreign = reading(0, slot.id, south.identity.nodeId);
    expect(await stores().samples.record([foreign, reading(0), reading(900), reading(1_000)], windowMs)).toBe(1);
    expect(await stores().samples.record([reading(100)], windowMs)).toBe(0);
    expect(await stores().samples.record([reading(20_000, slot.id, south.identity.nodeId)], windowMs)).toBe(0);
    expect(await stores().samples.record([reading(20_000, '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3e')], windowMs)).toBe(0);
    expect(await stores().samples.between([slot.id], at, new Date(at.getTime() + 3 * windowMs))).toHaveLength(1);
  });

  it('are deleted when they are old', async () => {
    const { counters } = metrics(southSlot.id, 100);
    if (counters === null) throw new Error('no counters');
    const aged = (hours: number) => ({
      slotId: southSlot.id,
      at: new Date(clock.now() - hours * 3_600_000),
      deploymentId: null,
      counters,
    });
    await stores().samples.add([aged(3), aged(2.1), aged(1.9)]);
    await harness.controlPlane.app.get(ReportRetention, { strict: false }).sweep();
    await until('the old ones are gone', async () => (await samplesOf(southSlot.id)).length === 1);
    await stores().samples.sweep(new Date(), 10);
  });
});

describe('figures of a slot over time', () => {
  /** Ten minutes of a sample each second: 10 FPS of an engine of 20 ms, then of one of 10 ms, with a restart in the middle. */
  const deployed = { old: '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3e', new: '7b0f2c3e-0d5a-4a7e-9f43-1f2f6f1c2d3f' };
  const fill = async (): Promise<void> => {
    const begin = clock.now() - 600_000;
    await stores().samples.add(
      Array.from({ length: 600 }, (_, second) => {
        const restarted = second >= 300;
        const age = restarted ? second - 300 : second;
        return {
          slotId: southSlot.id,
          at: new Date(begin + second * 1000),
          deploymentId: restarted ? deployed.new : deployed.old,
          counters: {
            since: new Date(begin + (restarted ? 300_000 : 0)).toISOString(),
            elapsedMs: age * 1000,
            delivered: age * 10,
            dropped: age,
            errors: 0,
            serviceTime: age === 0 ? [] : [[restarted ? 47 : 61, age * 10] as [number, number]],
          },
        };
      }),
    );
  };

  it('are exact however few points are asked for', async () => {
    await fill();
    for (const points of [10, 100, 1000]) {
      const answer = slotSamplesSchema.parse(await harness.ok('GET', `/slots/${southSlot.id}/samples?minutes=11&points=${String(points)}`));
      expect(answer.requiredFps).toBe(5);
      expect(answer.points.length).toBeGreaterThan(5);
      expect(answer.points.length).toBeLessThanOrEqual(points);
      expect(answer.points.reduce((sum, point) => sum + point.dropped, 0)).toBe(598);
      for (const point of answer.points) expect(point.deliveredFps).toBeCloseTo(10, 5);
      const p50 = (id: string): number[] => answer.points.filter((point) => point.deploymentId === id).map((point) => point.p50Ms ?? 0);
      expect(Math.min(...p50(deployed.old).slice(0, -1))).toBeGreaterThan(19);
      expect(Math.max(...p50(deployed.new).slice(1))).toBeLessThan(10.5);
    }
  });

  it('show where a deployment ended', async () => {
    const { items } = await harness.ok<{ items: { id: string }[] }>('POST', '/deployments', { release: 'fp32', slot: slot.id });
    const id = items[0]?.id ?? '';
    for (const state of ['fetching', 'building', 'activating', 'checking', 'committed'] as const) {
      await north.report({
        kind: 'deployment',
        deploymentId: id as never,
        slotId: slot.id,
        generation: 1,
        state,
        reason: null,
        message: '',
        health: null,
        error: null,
      });
    }
    await north.confirmed();
    const { marks } = await harness.ok<SlotSamples>('GET', `/slots/press-north@box-north/samples`);
    expect(marks).toMatchObject([{ deploymentId: id, release: 'fp32', state: 'committed' }]);
  });

  it('are only for those who see the site', async () => {
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'sam', role: 'viewer', sites: ['north'] });
    expect((await harness.call('GET', `/slots/${slot.id}/samples`, undefined, token)).status).toBe(200);
    expect((await harness.call('GET', `/slots/${southSlot.id}/samples`, undefined, token)).status).toBe(404);
    expect((await harness.call('GET', `/slots/${slot.id}/samples?points=5000`)).status).toBe(400);
  });
});

describe('figures of a model', () => {
  it('are what its builds measured, per profile and recipe', async () => {
    const { items } = await harness.ok<{ items: { id: string }[] }>('POST', '/deployments', { release: 'fp32', slot: slot.id });
    const { build } = await harness.ok<DeploymentDetail>('GET', `/deployments/${items[0]?.id ?? ''}`);
    const artifact = `sha256:${'1'.repeat(64)}` as never;
    const plan = {
      engine: 'onnxruntime',
      precision: 'fp32',
      recipe: 'fp32',
      threads: { intraOp: 2, spin: false },
      artifact,
      engineVersion: '1',
      fingerprint: 'f1',
    } as const;
    await north.report({
      kind: 'job',
      jobId: build?.id as never,
      jobKind: 'build',
      state: 'succeeded',
      phase: 'done',
      progress: 1,
      etaSeconds: null,
      result: {
        kind: 'build',
        plan,
        candidates: [
          {
            ...plan,
            artifactBytes: 10,
            speed: { p50Ms: 8, p95Ms: 9, p99Ms: 10, capacityFps: 125, inferenceMs: 7, frames: 50 },
            accuracy: { map50: 0.7, map50_95: 0.5, images: 10 },
            dropPoints: 0,
            verdict: 'chosen',
            reason: 'the only one',
          },
        ],
        reason: 'the only one',
        reused: false,
        seconds: 1,
      },
      error: null,
    });
    await north.confirmed();
    const figures = modelFiguresSchema.parse(await harness.ok<ModelFigures>('GET', '/models/detector@1/figures'));
    expect(figures.model).toMatchObject({ name: 'detector', version: '1' });
    expect(figures.rows).toMatchObject([
      { profile: 'x64-avx-vnni-2c', recipe: 'fp32', threads: 2, nodes: 1, chosenOn: 1, p50Ms: 8, capacityFps: 125, map50: 0.7 },
    ]);
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'sue', role: 'viewer', sites: ['south'] });
    expect((await harness.call<ModelFigures>('GET', '/models/detector/figures', undefined, token)).body.rows).toEqual([]);
  });
});

describe('the fleet stream', () => {
  const listen = async (token: string): Promise<{ messages: FleetFigures[]; stop: () => Promise<void> }> => {
    const abort = new AbortController();
    const response = await fetch(`${harness.controlPlane.url}${API_PREFIX}/fleet/stream`, {
      headers: { authorization: `Bearer ${token}` },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const messages: FleetFigures[] = [];
    const reading = (async (): Promise<void> => {
      let text = '';
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const block = text.slice(0, end).trim();
          text = text.slice(end + 2);
          if (!block.includes('data: ')) continue;
          expect(block).toMatch(/^event: fleet$/m);
          messages.push(fleetFiguresSchema.parse(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '')));
        }
      }
    })().catch(() => undefined);
    return {
      messages,
      stop: async () => {
        abort.abort();
        await reading;
      },
    };
  };

  it('shows the newest figures of what the caller may see, again and again', async () => {
    north.beat([metrics(slot.id, 5_000)]);
    const { token } = await harness.ok<{ token: string }>('POST', '/tokens', { name: 'fay', role: 'viewer', sites: ['north'] });
    const all = await listen(harness.token);
    const some = await listen(token);
    await until('figures came twice', () => all.messages.length >= 2 && some.messages.length >= 2);
    north.beat([metrics(slot.id, 6_000)]);
    await until('the new figures came', () => some.messages.at(-1)?.slots[0]?.metrics?.framesDelivered === 6_000);
    expect(all.messages[0]?.nodes).toEqual({ total: 2, online: 2 });
    expect(all.messages[0]?.slots.map((entry) => entry.slotId).sort()).toEqual([slot.id, southSlot.id].sort());
    expect(some.messages[0]?.nodes).toEqual({ total: 1, online: 1 });
    expect(some.messages.flatMap((message) => message.slots.map((entry) => entry.slotId))).not.toContain(southSlot.id);
    // Counters are for the gates; they would make up most of each message.
    expect(some.messages.at(-1)?.slots[0]?.metrics?.counters).toBeNull();
    await all.stop();
    await some.stop();
  });

  it('needs somebody who may look', async () => {
    expect((await harness.call('GET', '/fleet/stream', undefined, '')).status).toBe(401);
  });
});
