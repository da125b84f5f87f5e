import { createHash } from 'node:crypto';
import type { DeploymentDetail, DesiredState, EventView, Explanation, JobView, Report, SlotView } from '@takt/contracts';
import type { DeploymentState } from '@takt/rollout';
import { createNodeKey } from '@takt/messaging';
import { tinyDetector, until } from '@takt/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesTar, pushContent, tar, upload } from './content.js';
import { Harness } from './harness.js';
import { TestNode } from './test-node.js';

let harness: Harness;
let node: TestNode;
let other: TestNode;
let content: { model: string; golden: string; calibration: string };
let slot: SlotView;

beforeAll(async () => {
  harness = await Harness.start({
    TAKT_NODE_OFFLINE_SECONDS: '600',
    TAKT_MAX_ARTIFACT_BYTES: '2000000',
    TAKT_MAX_STATISTICS_BYTES: '1000',
  });
  await harness.ok('POST', '/sites', { name: 'north' });
  await harness.ok('POST', '/lines', {
    site: 'north',
    slug: 'press',
    requiredFps: 5,
    source: { kind: 'image-directory', path: '/frames', fps: 10 },
  });
  content = await pushContent(harness);
  node = await TestNode.join(harness, 'north', 'Box One');
  other = await TestNode.join(harness, 'north', 'Box One');
  slot = await harness.ok<SlotView>('POST', '/slots', { line: 'press', node: 'box-one', model: 'detector' });
});
afterAll(async () => {
  await node.close();
  await other.close();
  await harness.stop();
});

const desired = async (of: TestNode): Promise<DesiredState> => {
  const state = await of.connection.getDesired();
  if (state === undefined) throw new Error('no desired state yet');
  return state;
};
/** Waits until the node's desired state is as the database has it. */
const desiredWhere = async (of: TestNode, holds: (state: DesiredState) => boolean): Promise<DesiredState> => {
  await until('the desired state is published', async () => holds(await desired(of)));
  return desired(of);
};
const deploy = async (release: string): Promise<string> => {
  const { items } = await harness.ok<{ items: { id: string }[] }>('POST', '/deployments', { release, slot: slot.id });
  return items[0]?.id ?? '';
};
const detail = (id: string): Promise<DeploymentDetail> => harness.ok('GET', `/deployments/${id}`);
const tell = async (deploymentId: string, ...states: DeploymentState[]): Promise<void> => {
  for (const state of states) {
    await node.report({
      kind: 'deployment',
      deploymentId: deploymentId as never,
      slotId: slot.id,
      generation: (await desired(node)).generation,
      state,
      reason: state === 'rolled-back' ? 'ServiceTimeP50' : null,
      message: `now ${state}`,
      health: null,
      error: null,
    });
  }
  await node.confirmed();
};
const events = async (code: string): Promise<EventView[]> =>
  (await harness.ok<{ items: EventView[] }>('GET', '/events?limit=1000')).items.filter((event) => event.code === code);

describe('join', () => {
  it('gives equal hostnames different names, and the same key the same node', async () => {
    expect([node.identity.nodeName, other.identity.nodeName]).toEqual(['box-one', 'box-one-2']);
    const again = await TestNode.ask(harness, node.key, 'whatever', 'Box One');
    expect(again).toMatchObject({ status: 201, body: { nodeId: node.identity.nodeId, site: 'north' } });
  });

  it('refuses a used, an unknown and an expired token, and a proof of another key', async () => {
    const { token } = await harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north' });
    expect((await TestNode.ask(harness, createNodeKey(), token, 'x')).status).toBe(201);
    expect(await TestNode.ask(harness, createNodeKey(), token, 'x')).toMatchObject({ status: 401, body: { code: 'JoinTokenUsedUp' } });
    expect(await TestNode.ask(harness, createNodeKey(), 'takt_join_no', 'x')).toMatchObject({
      status: 401,
      body: { code: 'JoinTokenInvalid' },
    });
    const short = await harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north', expiresInMinutes: 0.0001 });
    await until('the token expires', async () => {
      const answer = await TestNode.ask(harness, createNodeKey(), short.token, 'late');
      return (answer.body as unknown as { code?: string }).code === 'JoinTokenExpired';
    });
    const [mine, theirs] = [createNodeKey(), createNodeKey()];
    const answer = await TestNode.ask(harness, { publicKey: mine.publicKey, seed: theirs.seed }, token, 'x');
    expect(answer).toMatchObject({ status: 401, body: { code: 'JoinProofInvalid' } });
  });

  it('takes a name that is asked for, numbered where another node has it', async () => {
    const named = async (name: string): Promise<string> => {
      const { token } = await harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north' });
      return (await TestNode.ask(harness, createNodeKey(), token, 'localhost', name)).body.nodeName;
    };
    const long = 'n'.repeat(63);
    expect([await named('press-left'), await named('press-left'), await named(long), await named(long)]).toEqual([
      'press-left',
      'press-left-2',
      long,
      `${'n'.repeat(55)}-2`,
    ]);
  });

  it('gives nodes of one hostname that join in the same moment different names, and one key one node', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 8 }, () => harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north' })),
    );
    const answers = await Promise.all(tokens.map(({ token }) => TestNode.ask(harness, createNodeKey(), token, 'twin')));
    expect(answers.map((answer) => answer.status)).toEqual(tokens.map(() => 201));
    expect(new Set(answers.map((answer) => answer.body.nodeName)).size).toBe(8);
    const key = createNodeKey();
    const again = await Promise.all(
      (await Promise.all([1, 2, 3].map(() => harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north' })))).map(({ token }) =>
        TestNode.ask(harness, key, token, 'same-key'),
      ),
    );
    expect(new Set(again.map((answer) => answer.body.nodeId)).size).toBe(1);
  });

  it('lets the last use of a token be spent once, whoever is first', async () => {
    const { token } = await harness.ok<{ token: string }>('POST', '/join-tokens', { site: 'north', uses: 2 });
    const answers = await Promise.all(Array.from({ length: 6 }, () => TestNode.ask(harness, createNodeKey(), token, 'racer')));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 201, 401, 401, 401, 401]);
  });
});

describe('bad input', () => {
  it('refuses a line that needs more results than its source gives frames', async () => {
    const source = { kind: 'image-directory', path: '/frames', fps: 10 };
    const line = { site: 'north', slug: 'greedy', requiredFps: 11, source };
    const refusal = { status: 422, body: { code: 'RequiredFpsAboveSource' } };
    expect(await harness.call('POST', '/lines', line)).toMatchObject(refusal);
    await harness.ok('POST', '/lines', { ...line, requiredFps: 10 });
    expect(await harness.call('PATCH', '/lines/greedy', { requiredFps: 10.5 })).toMatchObject(refusal);
    expect(await harness.call('PATCH', '/lines/greedy', { source: { ...source, fps: 9 } })).toMatchObject(refusal);
    await harness.ok('PATCH', '/lines/greedy', { requiredFps: 20, source: { ...source, fps: 20 } });
    expect(await harness.ok('GET', '/lines/greedy')).toMatchObject({ requiredFps: 20, source: { fps: 20 } });
  });

  const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

  it('refuses files that are no model, each with a code and an action', async () => {
    const whole = tinyDetector();
    for (const [bytes, code] of [
      [Buffer.from('hello'), /^Onnx/],
      [whole.subarray(0, whole.length / 2), /^Onnx/],
      [Buffer.from(Buffer.from(whole).toString('latin1').replaceAll('MaxPool', 'MaxPoof'), 'latin1'), /^OnnxUnknownOperator$/],
    ] as const) {
      const artifact = await upload(harness, bytes, 'bad.onnx');
      const answer = await harness.call('POST', '/models', { name: 'bad', version: '1', artifact });
      expect(answer.status).toBe(422);
      expect(answer.body['code']).toMatch(code);
      expect(answer.body['action']).not.toBe('');
    }
    expect((await harness.call('GET', '/models/bad')).status).toBe(404);
  });

  it('refuses what is too large, and another digest than announced', async () => {
    expect(await harness.call('POST', '/artifacts', Buffer.alloc(2_000_001))).toMatchObject({
      status: 413,
      body: { code: 'ArtifactTooLarge' },
    });
    const bytes = Buffer.from('some bytes');
    const wrong = digestOf(Buffer.from('other bytes'));
    expect(await harness.call('PUT', `/artifacts/${wrong}`, bytes)).toMatchObject({
      status: 422,
      body: { code: 'ArtifactDigestMismatch' },
    });
    expect((await harness.call('GET', `/artifacts/${wrong}`)).status).toBe(404);
    expect((await harness.call('PUT', `/artifacts/${digestOf(bytes)}`, bytes)).status).toBe(200);
  });

  it('refuses data sets that cannot serve their role', async () => {
    const noTar = await upload(harness, Buffer.from('no tar'), 'x.tar');
    expect(await harness.call('POST', '/datasets', { name: 'x', role: 'frames', artifact: noTar })).toMatchObject({
      body: { code: 'DatasetNotAnArchive' },
    });
    const images = await upload(harness, await imagesTar(), 'images.tar');
    expect(await harness.call('POST', '/datasets', { name: 'x', role: 'golden', artifact: images })).toMatchObject({
      body: { code: 'DatasetWithoutLabels' },
    });
    for (const path of ['set/data.yaml', 'data.yml']) {
      const artifact = await upload(harness, await tar({ [path]: 'names: [a]', 'images/1.jpg': 'x', 'labels/1.txt': '' }), 'golden.tar');
      const answer = await harness.call('POST', '/datasets', { name: 'x', role: 'golden', artifact });
      expect(answer).toMatchObject({ status: 422, body: { code: 'DatasetLayoutWrong' } });
      expect(answer.body['detail']).toContain(path);
    }
    expect(await harness.call('POST', '/releases', { name: 'x', model: 'detector', golden: 'calibration' })).toMatchObject({
      body: { code: 'DatasetRoleWrong' },
    });
    expect(await harness.call('POST', '/releases', { name: 'x', model: 'detector', golden: 'golden' })).toMatchObject({
      body: { code: 'CalibrationSetMissing' },
    });
  });

  it('refuses a release for hardware that nobody has', async () => {
    await harness.ok('POST', '/releases', {
      name: 'gpu-only',
      model: 'detector',
      golden: 'golden',
      recipes: ['fp32'],
      profiles: ['x64-t4'],
    });
    const answer = await harness.call('POST', '/deployments', { release: 'gpu-only', slot: slot.id });
    expect(answer).toMatchObject({ status: 422, body: { code: 'NoHardwareForRelease' } });
    expect(answer.body['detail']).toContain('x64-avx-vnni-2c');
  });
});

describe('artifacts', () => {
  it('serves ranges by token and by grant, and nothing else by that grant', async () => {
    const bytes = tinyDetector();
    await deploy('fp32');
    await desiredWhere(node, (state) => state.body.slots[0]?.deployment !== null);
    const grant = await node.connection.request('grant', { access: 'read', digest: content.model as never });
    expect(grant.sizeBytes).toBe(bytes.length);
    const part = await fetch(grant.url, { headers: { range: 'bytes=10-19' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${String(bytes.length)}`]);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(bytes.subarray(10, 20)));
    expect((await fetch(grant.url, { headers: { range: `bytes=${String(bytes.length)}-` } })).status).toBe(416);
    expect((await fetch(grant.url.replace(content.model, content.golden))).status).toBe(401);
    expect((await fetch(grant.url, { method: 'PUT', body: 'x' })).status).toBe(401);
    await expect(node.connection.request('grant', { access: 'read', digest: content.calibration as never })).rejects.toMatchObject({
      code: 'ArtifactNotGranted',
    });
    await expect(
      node.connection.request('grant', { access: 'write', artifact: { digest: content.model as never, sizeBytes: 1, fileName: 'x' } }),
    ).rejects.toMatchObject({ code: 'ArtifactNotGranted' });
  });
});

describe('deployments', () => {
  it('goes from a release to a committed slot, every state a row', async () => {
    const before = (await desired(node)).generation;
    const id = await deploy('fp32');
    const state = await desiredWhere(node, (now) => now.generation > before);
    expect(state.generation).toBe(before + 1);
    expect(state.body.slots[0]?.deployment).toMatchObject({
      deploymentId: id,
      release: { name: 'fp32', needsStatistics: false, statistics: null },
    });
    await tell(id, 'fetching', 'building', 'activating', 'checking', 'committed');
    const row = await detail(id);
    expect(row.transitions.map((transition) => transition.state)).toEqual([
      'pending',
      'fetching',
      'building',
      'activating',
      'checking',
      'committed',
    ]);
    expect(row.endedAt).not.toBeNull();
    expect((await harness.ok<SlotView>('GET', '/slots/press@box-one')).active).toEqual({
      deploymentId: id,
      release: 'fp32',
      state: 'committed',
    });
    // A commit changes nothing of what is wanted.
    expect((await desired(node)).generation).toBe(before + 1);
    expect(await harness.ok<Explanation>('GET', `/explain/deployments/${id}`)).toMatchObject({
      reason: 'HealthCheckPassed',
      suggestedAction: null,
    });
  });

  it('makes the statistics once, and a rolled-back deployment goes back by a new generation', async () => {
    const good = (await harness.ok<SlotView>('GET', `/slots/${slot.id}`)).active?.deploymentId;
    const before = (await desired(node)).generation;
    const id = await deploy('int8');
    const state = await desiredWhere(node, (now) => now.generation > before);
    // The node that waits is the one that calibrates: deployment and job are one generation.
    expect(state.generation).toBe(before + 1);
    const [job] = state.body.jobs;
    expect(job).toMatchObject({ kind: 'calibrate', model: { digest: content.model }, calibration: { digest: content.calibration } });
    await tell(id, 'fetching', 'calibrating');
    expect(await harness.ok<Explanation>('GET', `/explain/deployments/${id}`)).toMatchObject({ reason: 'WaitingForStatistics' });

    const statistics = Buffer.from('{"statistics":true}');
    const ref = {
      digest: `sha256:${createHash('sha256').update(statistics).digest('hex')}` as never,
      sizeBytes: statistics.length,
      fileName: 'statistics.json',
    };
    await expect(node.connection.request('grant', { access: 'write', artifact: { ...ref, sizeBytes: 1001 } })).rejects.toMatchObject({
      code: 'ArtifactTooLarge',
    });
    const grant = await node.connection.request('grant', { access: 'write', artifact: ref });
    expect((await fetch(grant.url, { method: 'PUT', body: 'another content' })).status).toBe(422);
    expect((await fetch(grant.url, { method: 'PUT', body: statistics })).status).toBe(200);
    await node.report({
      kind: 'job',
      jobId: job?.jobId as never,
      jobKind: 'calibrate',
      state: 'succeeded',
      phase: 'done',
      progress: 1,
      etaSeconds: null,
      result: { kind: 'calibrate', statistics: ref, images: 2, seconds: 0.1 },
      error: null,
    });
    await node.confirmed();
    // The job is over: what was granted for it is, too.
    expect((await fetch(grant.url, { method: 'PUT', body: statistics })).status).toBe(401);
    const ready = await desiredWhere(node, (now) => now.generation > state.generation);
    expect(ready).toMatchObject({
      generation: before + 2,
      body: { jobs: [], slots: [{ deployment: { deploymentId: id, release: { statistics: ref } } }] },
    });

    await tell(id, 'building', 'activating', 'checking', 'rolled-back');
    const back = await desiredWhere(node, (now) => now.generation > ready.generation);
    expect(back.generation).toBe(before + 3);
    expect(back.body.slots[0]?.deployment?.deploymentId).toBe(good);
    expect((await detail(id)).calibration).toMatchObject({ state: 'succeeded', attempts: 1 });
    expect(await harness.ok<Explanation>('GET', `/explain/deployments/${id}`)).toMatchObject({ reason: 'ServiceTimeP50' });

    const second = await deploy('int8');
    await desiredWhere(node, (now) => now.body.slots[0]?.deployment?.deploymentId === second);
    const jobs = await harness.ok<{ items: JobView[] }>('GET', '/jobs');
    expect(jobs.items.filter((row) => row.kind === 'calibrate')).toHaveLength(1);
  });

  it('supersedes one that has not ended, and cancels until the engine is activated', async () => {
    const first = await deploy('fp32');
    const second = await deploy('int8');
    expect(await detail(first)).toMatchObject({ state: 'superseded', reason: 'NewerDeployment' });
    await tell(second, 'fetching');
    expect(await harness.call('POST', `/deployments/${second}/cancel`)).toMatchObject({ status: 201, body: { state: 'cancelled' } });
    const third = await deploy('fp32');
    await desiredWhere(node, (now) => now.body.slots[0]?.deployment?.deploymentId === third);
    await tell(third, 'fetching', 'building', 'activating');
    expect(await harness.call('POST', `/deployments/${third}/cancel`)).toMatchObject({
      status: 409,
      body: { code: 'DeploymentNotCancellable' },
    });
    await tell(third, 'checking', 'committed');
    expect((await detail(second)).build).toMatchObject({ state: 'cancelled' });
  });
});

describe('reports', () => {
  it('applies in order whatever comes when, and each once', async () => {
    const id = await deploy('fp32');
    await desiredWhere(node, (now) => now.body.slots[0]?.deployment?.deploymentId === id);
    const base = node.seq;
    const body = (state: DeploymentState): Report['body'] => ({
      kind: 'deployment',
      deploymentId: id as never,
      slotId: slot.id,
      generation: 1,
      state,
      reason: null,
      message: state,
      health: null,
      error: null,
    });
    const all = (['fetching', 'building', 'activating', 'checking', 'committed'] as const).map((state, i) =>
      node.envelope(base + 1 + i, body(state)),
    );
    const take = async (report: Report | undefined): Promise<void> => {
      if (report !== undefined) await node.connection.publishReport(report);
    };
    // The last ones first; then the gap is filled; then everything once more, past the broker's own duplicate check.
    for (const report of [all[4], all[2], all[3], all[1]]) await take(report);
    await until(
      'four reports are parked',
      async () => (await harness.controlPlane.parts.db.stores.reports.find(node.identity.nodeId, base + 2)) !== null,
    );
    expect((await node.connection.request('confirm', { lastSeq: base + 5 })).confirmedSeq).toBe(base);
    expect((await detail(id)).state).toBe('pending');
    await take(all[0]);
    node.seq = base + 5;
    await node.confirmed();
    const row = await detail(id);
    expect(row.transitions.map((transition) => transition.state)).toEqual([
      'pending',
      'fetching',
      'building',
      'activating',
      'checking',
      'committed',
    ]);
    const { TakeReport } = await import('../src/reports/take-report.js');
    const takeReport = harness.controlPlane.app.get(TakeReport);
    await Promise.all(all.map((report) => takeReport.execute(report)));
    expect(await detail(id)).toEqual(row);
  });

  it('refuses what the state table does not allow, records it, and goes on', async () => {
    const before = (await events('ReportRejected')).length;
    const [last] = (await harness.ok<{ items: { id: string }[] }>('GET', `/deployments?slot=${slot.id}&limit=1`)).items;
    await tell(last?.id ?? '', 'fetching');
    expect((await detail(last?.id ?? '')).state).toBe('committed');
    await until('the refusal is recorded', async () => (await events('ReportRejected')).length > before);
    expect(await events('ReportRejected')).toHaveLength(before + 1);
  });

  it('refuses reports on what is not the node’s own', async () => {
    const before = (await events('ReportRejected')).length;
    await other.report({ kind: 'slot', slotId: slot.id, activeDeploymentId: null, plan: null });
    await other.confirmed();
    await until('the refusal is recorded', async () => (await events('ReportRejected')).length > before);
    expect(await events('ReportRejected')).toHaveLength(before + 1);
    expect((await harness.ok<SlotView>('GET', `/slots/${slot.id}`)).serving).toBeNull();
  });
});

describe('events', () => {
  it('stream in order from a given number', async () => {
    const all = await harness.ok<{ items: EventView[] }>('GET', '/events?after=0&limit=1000');
    const abort = new AbortController();
    const response = await fetch(`${harness.controlPlane.url}/api/v1/events/stream`, {
      headers: { authorization: `Bearer ${harness.token}`, 'last-event-id': '3' },
      signal: abort.signal,
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const seqs = (): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    const reading = (async (): Promise<void> => {
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) text += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await harness.ok('POST', '/sites', { name: 'while-streaming' });
    await until('the new event arrives', () => text.includes('while-streaming'));
    abort.abort();
    await reading;
    expect(seqs().slice(0, 5)).toEqual(
      all.items
        .map((event) => event.seq)
        .filter((seq) => seq > 3)
        .slice(0, 5),
    );
    expect(seqs()).toEqual([...seqs()].sort((a, b) => a - b));
  });
});
