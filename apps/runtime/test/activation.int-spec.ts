import { cp, mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sampleFramesPath } from '@takt/sample-model';
import { tinyDetector } from '@takt/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Activation } from '@takt/contracts';
import { LineUnderTest, quickPolicy } from './line-under-test.js';

const light = tinyDetector({ size: 64, width: 8, seed: 1 });
const equal = tinyDetector({ size: 64, width: 8, seed: 2 });
const other = tinyDetector({ size: 64, width: 8, seed: 4 });
const health = { ...quickPolicy, windowFrames: 20, soloFrames: 20, maxServiceTimeIncrease: 5 };

async function copyOfFrames(under: string): Promise<string> {
  const folder = join(under, 'frames');
  await cp(sampleFramesPath(), folder, { recursive: true });
  return folder;
}

let line: LineUnderTest;
let first: Activation;

beforeEach(async () => {
  line = await LineUnderTest.create();
  await line.start();
  await line.assign({ fps: 60 });
  first = await line.activation('first', light, health);
  await line.activate(first);
});

afterEach(async () => {
  await line.remove();
});

describe('an artifact that cannot be served', () => {
  it('fails with its reason and leaves the engine that serves alone', async () => {
    const before = await line.status();
    const noModel = await line.activation('text', new TextEncoder().encode('this is no model'), health);
    expect(await line.activate(noModel)).toMatchObject({
      outcome: 'failed',
      error: { component: expect.any(String) as string, action: expect.any(String) as string },
    });

    const changed = await line.activation('changed', equal, health);
    await writeFile(changed.artifactPath, other);
    expect(await line.activate(changed)).toMatchObject({ outcome: 'failed', reason: 'ArtifactDigestMismatch' });

    const cut = await line.activation('cut', other, health);
    await truncate(cut.artifactPath, 1000);
    expect(await line.activate(cut)).toMatchObject({ outcome: 'failed', reason: 'ArtifactDigestMismatch' });

    const gone = await line.activation('gone', other, health);
    expect(await line.activate({ ...gone, artifactPath: `${gone.artifactPath}.gone` })).toMatchObject({
      outcome: 'failed',
      reason: 'ArtifactMissing',
    });

    const after = await line.status();
    expect(after.serving).toEqual(before.serving);
    expect(after.metrics.engineRestarts).toBe(0);
    expect(after.metrics.errors).toBe(0);
  });
});

describe('activations', () => {
  it('are idempotent by deployment id, also after a restart', async () => {
    const inaccurate = { ...(await line.activation('inaccurate', equal, health)), dropPoints: 0.9 };
    expect(await line.activate(inaccurate)).toMatchObject({ outcome: 'rolled-back', reason: 'Accuracy' });
    await line.end('SIGTERM');
    await line.start();
    for (const again of [inaccurate, first]) expect((await line.call('PUT', '/v1/activation', again)).status).toBe(202);
    const status = await line.status();
    expect(status.candidate).toBeNull();
    expect(status.outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'rolled-back']);
  });

  it('supersede one another, and a deployment that was committed before comes back without a check', async () => {
    const second = await line.activation('second', equal, health);
    const third = await line.activation('third', other, health);
    await line.call('PUT', '/v1/activation', second);
    expect(await line.activate(third)).toMatchObject({ outcome: 'committed' });
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'rolled-back', reason: 'Superseded' });
    await line.call('PUT', '/v1/activation', first);
    await line.until('the first engine serves again', async () => (await line.status()).serving?.deploymentId === first.deploymentId);
    expect((await line.untilEnded(first)).reason).toBe('ReturnedToKnownEngine');
  });

  it('are taken back by an operator on the node, once', async () => {
    const second = await line.activation('second', equal, health);
    await line.activate(second);
    expect((await line.call('POST', '/v1/rollback')).status).toBe(202);
    await line.until('the first engine serves again', async () => (await line.status()).serving?.deploymentId === first.deploymentId);
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'rolled-back', reason: 'OperatorRollback' });
    expect((await line.call('POST', '/v1/rollback')).status).toBe(409);
    expect((await line.call('PUT', '/v1/activation', second)).status).toBe(202);
    expect((await line.status()).candidate).toBeNull();
  });

  it('fail on delivered FPS that the line needs and the engine cannot give', async () => {
    // Nothing was served yet on the new camera, so there is no other rate to hold the engine to.
    await line.assign({ fps: 40, requiredFps: 70, path: await copyOfFrames(line.dataDir) });
    const second = await line.activation('second', equal, health);
    expect(await line.activate(second)).toMatchObject({ outcome: 'rolled-back', reason: 'DeliveredFps', health: { requiredFps: 70 } });
    expect((await line.status()).serving?.deploymentId).toBe(first.deploymentId);
  });

  it('are not measured while the camera shows nothing that can be read, however long frames took before', async () => {
    const dark = join(line.dataDir, 'dark');
    await mkdir(dark);
    await writeFile(join(dark, '1.jpg'), 'no picture');
    await line.assign({ fps: 20, path: dark });
    const unseen = await line.activation('unseen', equal, { ...health, deadlineMs: 1_500 });
    expect(await line.activate(unseen)).toMatchObject({ outcome: 'rolled-back', reason: 'NotMeasured' });

    // The whole check takes longer than its deadline; frames are judged all the time.
    await line.assign({ fps: 20 });
    const slow = await line.activation('slow', equal, { ...health, deadlineMs: 2_000 });
    expect(await line.activate(slow)).toMatchObject({ outcome: 'committed' });
  });
});
