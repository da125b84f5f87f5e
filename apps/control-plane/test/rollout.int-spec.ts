import type { EventView, Explanation, GateView, RolloutDetail, RolloutPlanView } from '@takt/contracts';
import { silentLogger } from '@takt/kernel';
import { SteppedClock } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startControlPlane } from '../src/boot/start.js';
import type { ControlPlane } from '../src/boot/start.js';
import { pushContent } from './content.js';
import { BY_HAND, Harness } from './harness.js';
import { PlayedFleet } from './played-fleet.js';
import { PlayedLine } from './played-line.js';
import type { Speed } from './played-line.js';

const SPEEDS: Readonly<Record<string, Speed>> = {
  first: { serviceMs: 20, fps: 20 },
  equal: { serviceMs: 20, fps: 20 },
  slower: { serviceMs: 40, fps: 20 },
  faster: { serviceMs: 12, fps: 20 },
  quick: { serviceMs: 12, fps: 20 },
  selfish: { serviceMs: 40, fps: 20 },
};

const policy = {
  soakSeconds: 6,
  maxSoakSeconds: 30,
  maxConcurrent: 2,
  gate: { minIntervals: 3, minFrames: 60 },
};

let harness: Harness;
let fleet: PlayedFleet;
/** How much longer the frames of the present camera take than those of the first one. */
let frameFactor = 1;

const rollout = (ref: string): Promise<RolloutDetail> => harness.ok('GET', `/rollouts/${ref}`);
const start = (release: string, more: object = {}): Promise<RolloutDetail> =>
  harness.ok('POST', '/rollouts', { release, policy: { ...policy, ...more }, supersede: true });
const ended = (ref: string): Promise<RolloutDetail> =>
  fleet.until(`rollout ${ref} ends`, async () => {
    const view = await rollout(ref);
    return view.endedAt === null ? undefined : view;
  });

beforeAll(async () => {
  const clock = new SteppedClock();
  const settings = { TAKT_SAMPLE_SECONDS: '1', TAKT_NODE_OFFLINE_SECONDS: '5' };
  harness = await Harness.start(settings, silentLogger, { clock, pauses: BY_HAND });
  await harness.ok('POST', '/sites', { name: 'north' });
  await harness.ok('POST', '/sites', { name: 'south' });
  await pushContent(harness);
  for (const name of Object.keys(SPEEDS)) {
    await harness.ok('POST', '/releases', { name, model: 'detector@1', golden: 'golden', recipes: ['fp32'], threads: 'library-default' });
  }
  const lines: PlayedLine[] = [];
  for (const [index, name] of ['one', 'two', 'three', 'four'].entries()) {
    lines.push(
      await PlayedLine.create(harness, index < 2 ? 'north' : 'south', name, {
        speedOf: (release) => {
          const { serviceMs, fps } = SPEEDS[release] ?? { serviceMs: 20, fps: 20 };
          return { serviceMs: serviceMs * frameFactor, fps };
        },
        endOf: (release) => (release === 'selfish' ? 'rolled-back' : 'committed'),
      }),
    );
  }
  fleet = new PlayedFleet(harness, clock, lines);
  for (const line of lines) await harness.ok('POST', '/deployments', { release: 'first', line: line.name });
  await fleet.until('every line serves the first release', async () => {
    const { items } = await harness.ok<{ items: { active: unknown }[] }>('GET', '/slots');
    return items.every((slot) => slot.active !== null) ? true : undefined;
  });
});
afterAll(async () => {
  for (const line of fleet.lines) await line.node.close();
  await harness.stop();
});

describe('a plan', () => {
  it('shows waves, spread and exclusions, and changes nothing', async () => {
    const plan = await harness.ok<RolloutPlanView>('POST', '/rollouts/plan', { release: 'equal' });
    expect(plan.waves.map((wave) => wave.nodes.length)).toEqual([1, 3]);
    expect((await harness.ok<{ items: unknown[] }>('GET', '/rollouts')).items).toEqual([]);
    const none = await harness.call('POST', '/rollouts', { release: 'first' });
    expect(none).toMatchObject({ status: 409, body: { code: 'NoNodeForRollout' } });
  });

  it('refuses a policy that contradicts itself', async () => {
    const refused = async (change: object): Promise<unknown> =>
      (await harness.call('POST', '/rollouts/plan', { release: 'equal', policy: change })).body;
    expect(await refused({ soakSeconds: 60, maxSoakSeconds: 10 })).toMatchObject({ code: 'PolicyInvalid' });
    expect(await refused({ localRollback: { onPerformanceBreach: 'report', reason: null } })).toMatchObject({ code: 'PolicyInvalid' });
    expect(
      await refused({
        waves: [
          { kind: 'percent', upTo: 50 },
          { kind: 'percent', upTo: 10 },
        ],
      }),
    ).toMatchObject({ code: 'PolicyInvalid' });
  });
});

describe('a rollout', () => {
  it('of an equal release passes its gates wave by wave, while two replicas look after it and a node miscounts', async () => {
    const { config, logger: _ } = harness.controlPlane.parts;
    const replica: ControlPlane = await startControlPlane(
      { ...config, http: { ...config.http, port: 0 } },
      silentLogger,
      new AbortController().signal,
      { clock: fleet.clock, pauses: BY_HAND },
    );
    fleet.replicas.add(replica);
    try {
      const { name } = await start('equal');
      const soaking = await fleet.until('the canary soaks', async () => {
        const view = await rollout(name);
        return (view.waves[0]?.soakingSince ?? null) === null ? undefined : view;
      });
      const kept = soaking.members.find((member) => member.wave === 1)?.node;
      fleet.lines.find((line) => line.name === kept?.name)?.miscount(1_000_000_000);
      const view = await ended(name);
      expect(view).toMatchObject({ phase: 'succeeded', counts: { total: 4, succeeded: 4 } });
      expect(view.gates.map((gate) => gate.outcome)).toEqual(['successful', 'successful']);
      const [canary, rest] = view.gates;
      expect(canary?.nodes.measured).toBe(1);
      expect(canary?.nodes.controls).toBeGreaterThanOrEqual(1);
      expect(canary?.findings.find((finding) => finding.code === 'ServiceTimeP50')).toMatchObject({
        against: 'control and past',
        outcome: 'successful',
      });
      expect(rest?.findings.find((finding) => finding.code === 'ServiceTimeP50')?.against).toBe('past');
      for (const { frames } of view.gates.flatMap((gate) => gate.distributions)) expect(frames).toBeLessThan(1_000_000_000);
      const { items } = await harness.ok<{ items: EventView[] }>('GET', `/events?limit=1000&object=${kept?.id ?? ''}`);
      const miscounts = items.filter((event) => event.code === 'CountersImplausible');
      expect(miscounts.map((event) => event.message)).toContainEqual(expect.stringContaining('frames delivered in'));
      expect(miscounts.length).toBeLessThanOrEqual(1 + fleet.replicas.size);
      // Each node was moved once, whoever looked.
      expect(view.members.every((member) => member.deployments.length === 1)).toBe(true);
    } finally {
      fleet.replicas.delete(replica);
      await replica.stop();
    }
  });

  it('of a slower release is caught by the gate of the canary, and the canary goes back to the release before', async () => {
    const { name } = await start('slower', { localRollback: { onPerformanceBreach: 'report', reason: 'a trial' } });
    const view = await ended(name);
    expect(view).toMatchObject({ phase: 'rolled-back', counts: { 'rolled-back': 1, excluded: 3 } });
    const [gate] = view.gates;
    expect(gate).toMatchObject({ outcome: 'failed', reason: 'ServiceTimeP50', decidedBy: 'gate' });
    expect(gate?.findings.find((finding) => finding.code === 'ServiceTimeP50')?.measured).toBeGreaterThan(0.8);
    const back = view.members.find((member) => member.bucket === 'rolled-back');
    expect(back?.deployments.map((deployment) => [deployment.revert, deployment.state])).toEqual([
      [true, 'committed'],
      [false, 'committed'],
    ]);
    const explained = await harness.ok<Explanation>('GET', `/explain/rollouts/${name}`);
    expect(explained).toMatchObject({ reason: 'GateServiceTimeP50' });
    expect(explained.timeline.map((entry) => entry.code)).toEqual(
      expect.arrayContaining(['RolloutStarted', 'LocalRollbackSwitchedOff', 'RolloutGateFailed', 'RolloutRolledBack']),
    );
    const explainedGate = await harness.ok<Explanation>('GET', `/explain/gates/${(gate as GateView).id}`);
    expect(explainedGate.figures).toMatchObject({ outcome: 'failed', nodesMoved: 1 });
    // The slot serves the release before, under a deployment of its own.
    const slots = await harness.ok<{ items: { node: { name: string }; active: { release: string } }[] }>('GET', '/slots');
    expect(slots.items.find((slot) => slot.node.name === back?.node.name)?.active.release).toBe('equal');
  });

  it('whose canary saves itself ends at once, and the node is left out of the next one', async () => {
    const { name } = await start('selfish');
    const view = await ended(name);
    expect(view).toMatchObject({ phase: 'rolled-back', counts: { 'rolled-back': 1, excluded: 3 } });
    expect(view.gates[0]).toMatchObject({ outcome: 'failed', reason: 'NodesFailed' });
    const saved = view.members.find((member) => member.bucket === 'rolled-back');
    expect(saved?.deployments).toHaveLength(1);
    const plan = await harness.ok<RolloutPlanView>('POST', '/rollouts/plan', { release: 'selfish' });
    expect(plan.excluded).toMatchObject([{ name: saved?.node.name, code: 'WentBackBefore' }]);
  });

  it('waits for approval, pauses, is aborted and rolled back by people, with their reasons on record', async () => {
    const { name } = await start('faster', { approval: 'after-canary' });
    const waiting = await fleet.until('it waits for approval', async () => {
      const view = await rollout(name);
      return view.phase === 'awaiting-approval' ? view : undefined;
    });
    expect(waiting.hold).toMatchObject({ code: 'ApprovalNeeded' });
    expect(await harness.call('POST', `/rollouts/${name}/resume`, {})).toMatchObject({ status: 409, body: { code: 'IntentNotAllowed' } });
    await harness.ok('POST', `/rollouts/${name}/approve`, { reason: 'looks good' });
    await harness.ok('POST', `/rollouts/${name}/pause`, { reason: 'lunch' });
    await harness.ok('POST', `/rollouts/${name}/abort`, { reason: 'never mind' });
    const aborted = await rollout(name);
    expect(aborted.phase).toBe('aborted');
    await harness.ok('POST', `/rollouts/${name}/rollback`, { reason: 'back, please' });
    const view = await fleet.until('it is rolled back', async () => {
      const now = await rollout(name);
      return now.phase === 'rolled-back' ? now : undefined;
    });
    expect(view.counts['rolled-back']).toBeGreaterThanOrEqual(1);
    const { items } = await harness.ok<{ items: { code: string; actor: string; data: { reason?: string } }[] }>(
      'GET',
      `/events?object=${view.id}`,
    );
    expect(
      items
        .filter((event) => event.actor !== 'control-plane')
        .map((event) => [event.code, event.data.reason ?? null])
        .reverse(),
    ).toEqual([
      ['RolloutStarted', null],
      ['RolloutApproved', 'looks good'],
      ['RolloutPaused', 'lunch'],
      ['RolloutAborted', 'never mind'],
      ['RolloutRollbackStarted', 'back, please'],
    ]);
  });

  it('does not wait for a node that is away, which catches up when it is back', async () => {
    const away = fleet.lines[3];
    if (away === undefined) throw new Error('no line');
    away.online = false;
    await fleet.until(
      'the node counts as offline',
      async () => !(await harness.ok<{ online: boolean }>('GET', `/nodes/${away.name}`)).online,
    );
    const { name } = await start('faster', { gate: { ...policy.gate, minMeasuredShare: 0.5 } });
    const view = await ended(name);
    expect(view).toMatchObject({ phase: 'succeeded', counts: { succeeded: 3, offline: 1 } });
    away.online = true;
    await fleet.until('it catches up', async () => (await rollout(name)).counts.succeeded === 4);
  });

  it('compares with nothing that was measured on another camera, and waits until enough is known on this one', async () => {
    for (const line of fleet.lines) {
      const source = { kind: 'image-directory', path: '/large-frames', fps: 20 };
      await harness.ok('PATCH', `/lines/${line.name}`, { source });
    }
    frameFactor = 3;
    const { name } = await start('quick');
    const waits = await fleet.until('the canary waits', async () =>
      (await rollout(name)).members.find((member) => member.bucket === 'deferred'),
    );
    expect(waits).toMatchObject({ wave: 0, reason: 'NoBaseline' });
    const view = await ended(name);
    expect(view).toMatchObject({ phase: 'succeeded', counts: { succeeded: 4 } });
    for (const { distributions } of view.gates) {
      const past = distributions.find(({ group }) => group === 'updated before');
      // No frame of the first camera, which took 12 ms, is among them.
      expect(Math.min(...(past?.buckets ?? []).map(({ fromMs }) => fromMs))).toBeGreaterThan(25);
    }
  });

  it('is not started on nodes of another one unless it takes its place', async () => {
    const { name } = await start('equal', { approval: 'every-wave' });
    const second = await harness.call('POST', '/rollouts', { release: 'slower', policy });
    expect(second).toMatchObject({ status: 409, body: { code: 'RolloutInProgress' } });
    const taking = await start('slower', { localRollback: { onPerformanceBreach: 'report', reason: 'a trial' } });
    expect((await rollout(name)).phase).toBe('superseded');
    await harness.ok('POST', `/rollouts/${taking.name}/policy`.replace('/policy', '/abort'), {});
  });
});
