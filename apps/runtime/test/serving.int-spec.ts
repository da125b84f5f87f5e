import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleFramesPath, sampleModelPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { LineUnderTest, isAlive, quickPolicy } from './line-under-test.js';
import { assignment, committedOf, putBuild, putNodeFiles } from './node-files.js';

/**
 * Few frames of a slow camera, and a bound that the noise of a busy machine does not reach; how well noise and slowness are told
 * apart is shown by the simulations in `libs/gates`.
 */
const FPS = 25;
const SPARE_FRAMES = 3;
const health = { ...quickPolicy, windowFrames: 20, soloFrames: 15, maxServiceTimeIncrease: 1 };
const light = tinyDetector({ size: 64, width: 8, seed: 1 });
const heavy = tinyDetector({ size: 320, width: 64, seed: 3 });

let line: LineUnderTest;
afterEach(async () => {
  await line.remove();
});

describe('a line', () => {
  it('serves, keeps an equal engine without a lost frame, and goes back from a slower one by itself', async () => {
    line = await LineUnderTest.create();
    await line.start();
    await line.assign({ fps: FPS, requiredFps: FPS / 2 });
    const first = await line.activation('first', light, health);
    expect(await line.activate(first)).toMatchObject({ outcome: 'committed', reason: null });

    const before = (await line.status()).metrics.framesTaken;
    // The same bytes as another deployment: what may differ is the machine's noise alone.
    const second = await line.activation('equal', light, health);
    const kept = await line.activate(second);
    expect(kept).toMatchObject({ outcome: 'committed', health: { outcome: 'pass', rollbackMs: null } });
    expect(kept.health?.previous?.frames).toBeGreaterThanOrEqual(health.windowFrames);
    expect(kept.health?.candidate?.frames).toBeGreaterThanOrEqual(health.windowFrames);
    const { serving, metrics, startedAt } = await line.status();
    const after = metrics.framesTaken;
    expect(serving?.deploymentId).toBe(second.deploymentId);

    const slower = await line.activate(await line.activation('slower', heavy, health));
    expect(slower).toMatchObject({ outcome: 'rolled-back', reason: 'ServiceTimeP50', health: { outcome: 'fail' } });
    expect(slower.health?.rollbackMs).toBeGreaterThan(0);
    expect(slower.message).toMatch(/service-time p50 of the new engine is \d+\.\d ms against \d+\.\d ms/i);
    expect((await line.status()).serving?.enginePid).toBe(serving?.enginePid);

    expect(await line.end('SIGTERM')).toBe(0);
    const { served, dropped, serviceMs } = await line.frames(startedAt);
    const swapped = dropped.filter(({ frame }) => frame >= before && frame < after);
    // A frame that took several periods, or a moment without a processor, costs frames on any day; the swap itself costs none.
    const slowFrames = serviceMs.reduce((sum, ms) => sum + Math.floor((ms * FPS) / 1000), 0);
    expect(swapped.filter(({ reason }) => reason !== 'too-slow')).toEqual([]);
    expect(swapped.length).toBeLessThanOrEqual(slowFrames + SPARE_FRAMES);
    const all = [...served, ...dropped.map(({ frame }) => frame)].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: all.length }, (_, index) => index));
    expect(served).toEqual([...served].sort((a, b) => a - b));
    expect(isAlive(serving?.enginePid ?? 0)).toBe(false);
  });

  it('keeps a slower engine where the policy only reports a breach, and comes back at once when it is taken back', async () => {
    line = await LineUnderTest.create();
    await line.start();
    await line.assign({ fps: FPS, requiredFps: FPS / 2 });
    const first = await line.activation('first', light, health);
    await line.activate(first);
    const slower = await line.activation('slower', heavy, { ...health, onPerformanceBreach: 'report' });
    const kept = await line.activate(slower);
    expect(kept).toMatchObject({ outcome: 'committed', reason: 'BreachReported', health: { outcome: 'fail', rollbackMs: null } });
    expect(kept.health?.findings.find(({ code }) => code === 'ServiceTimeP50')?.held).toBe(false);
    expect(kept.health?.candidate?.frames).toBeLessThan(health.windowFrames + 10);
    expect(kept.message).toContain("the policy leaves the decision to the fleet's gate");
    expect((await line.status()).serving?.deploymentId).toBe(slower.deploymentId);

    const back = { ...(await line.activation('first', light, health)), revert: true };
    expect(await line.activate(back)).toMatchObject({ outcome: 'committed', reason: 'ReturnedToKnownEngine' });
    expect((await line.status()).serving?.deploymentId).toBe(back.deploymentId);
  });

  it('finds boxes with the sample detector', async () => {
    line = await LineUnderTest.create();
    await line.start();
    await line.assign({ fps: 8 });
    expect(
      await line.activate(await line.activation('sample', await readFile(sampleModelPath()), { ...health, soloFrames: 8 })),
    ).toMatchObject({ outcome: 'committed' });
    await line.end('SIGTERM');
    const text = await readFile(join(line.folder, 'results.ndjson'), 'utf8');
    const boxes = text.split('\n').flatMap((row) => (row === '' ? [] : ((JSON.parse(row) as { boxes?: { score: number }[] }).boxes ?? [])));
    expect(boxes.length).toBeGreaterThan(0);
    expect(boxes.every(({ score }) => score > 0.25 && score <= 1)).toBe(true);
  });

  it('serves at its start with nobody to ask, and waits where it has no line', async () => {
    line = await LineUnderTest.create();
    await line.start();
    expect(await line.status()).toMatchObject({ slotId: null, line: null, serving: null, candidate: null, outcomes: [] });
    const early = await line.call('PUT', '/v1/activation', await line.activation('early', light, health));
    expect(early).toMatchObject({ status: 409, body: { code: 'LineNotAssigned', retryable: true } });
    await line.assign({ fps: 20 });
    const first = await line.activation('first', light, health);
    await line.activate(first);
    const outcomes = (await line.status()).outcomes;
    await line.end('SIGKILL');
    await line.start();
    await line.until('frames are delivered', async () => (await line.status()).metrics.framesDelivered > 5);
    expect(await line.status()).toMatchObject({ serving: { deploymentId: first.deploymentId }, outcomes });
  });

  it('whose record and copy are damaged serves what the agent committed, as far as its artifact is whole', async () => {
    line = await LineUnderTest.create();
    const first = committedOf('first');
    const second = committedOf('second');
    await putNodeFiles(line.dataDir, { current: second, rollback: first });
    await mkdir(line.folder, { recursive: true });
    await writeFile(join(line.folder, 'line.json'), JSON.stringify(assignment(sampleFramesPath())));
    const damage = async (): Promise<void> => {
      for (const name of ['activation.json', 'activation.copy.json']) await writeFile(join(line.folder, name), '');
    };
    await damage();
    await line.start();
    expect((await line.status()).recordLost).toContain(second.buildKey);
    await line.end('SIGTERM');

    await putBuild(line.dataDir, first, light);
    await truncate(await putBuild(line.dataDir, second, light), 1000);
    await damage();
    await line.start();
    await line.until('the engine before serves', async () => (await line.status()).serving?.deploymentId === first.deploymentId);
    const status = await line.status();
    expect(status.outcomes).toMatchObject([
      { deploymentId: second.deploymentId, reason: 'ArtifactDigestMismatch' },
      { outcome: 'committed' },
    ]);
    expect(status.recordLost).toBeNull();
  });

  it('answers on a socket whose path is too long for a socket', async () => {
    line = await LineUnderTest.create({ under: 'a-rather-long-folder-name/'.repeat(6) });
    await line.start();
    expect(await line.status()).toMatchObject({ slotId: null });
    expect(await line.end('SIGTERM')).toBe(0);
    await line.start();
    expect(await line.status()).toMatchObject({ slotId: null });
  });

  it('is served by one runtime: a second one ends and changes nothing', async () => {
    line = await LineUnderTest.create();
    await line.start();
    await line.assign({ fps: 20 });
    const first = await line.activation('first', light, health);
    await line.call('PUT', '/v1/activation', first);
    expect((await line.prepare()).candidate).toMatchObject({ attempts: 1 });
    expect(await line.runSecond()).toBe(1);
    expect(await line.untilEnded(first)).toMatchObject({ outcome: 'committed' });
  });

  it('says why its source cannot be read, ends on SIGTERM whatever it is, and shows a folder without what is no image', async () => {
    line = await LineUnderTest.create();
    const fifos = join(line.dataDir, 'fifos');
    await mkdir(fifos);
    execFileSync('mkfifo', [join(fifos, 'a.jpg')]);
    await symlink('/dev/zero', join(fifos, 'b.jpg'));
    await line.start();
    await line.assign({ fps: 20 });
    expect(await line.assign({ fps: 20, path: fifos })).toMatchObject({ status: 422, body: { code: 'SourceUnreadable' } });
    expect((await line.status()).source?.error).toMatchObject({ code: 'SourceUnreadable', element: join(fifos, 'a.jpg') });
    expect(await line.end('SIGTERM')).toBe(0);

    const assigned = JSON.parse(await readFile(join(line.folder, 'line.json'), 'utf8')) as { line: { source: { path: string } } };
    for (const path of [fifos, join(fifos, 'a.jpg'), '/dev/zero']) {
      assigned.line.source.path = path;
      await writeFile(join(line.folder, 'line.json'), JSON.stringify(assigned));
      await line.start();
      await line.until('the reason is reported', async () => (await line.status()).source?.error?.message.includes(path) === true);
      expect(await line.end('SIGTERM')).toBe(0);
    }

    await cp(sampleFramesPath(), fifos, { recursive: true });
    await line.start();
    expect((await line.assign({ fps: 20, path: fifos })).status).toBe(200);
    expect((await line.status()).source).toMatchObject({
      error: null,
      unreadable: 2,
      firstUnreadable: { code: 'ImageUnreadable', element: join(fifos, 'a.jpg') },
    });
  });

  it('refuses what it cannot do with a code and an action', async () => {
    line = await LineUnderTest.create();
    await line.start();
    expect(await line.assign({ fps: 20, path: line.dataDir })).toMatchObject({ status: 422, body: { code: 'ImageFolderEmpty' } });
    expect(await line.call('POST', '/v1/rollback')).toMatchObject({ status: 409, body: { code: 'NothingToRollBackTo' } });
    expect(await line.call('PUT', '/v1/line', { slotId: 'x' })).toMatchObject({ status: 400, body: { code: 'RequestInvalid' } });
    expect(await line.call('DELETE', '/v1/line')).toMatchObject({ status: 404, body: { code: 'RouteUnknown' } });
    expect((await line.call('PUT', '/v1/line', 'x'.repeat(1_100_000))).status).toBe(413);
    expect(await line.status()).toMatchObject({ line: null });
  });
});
