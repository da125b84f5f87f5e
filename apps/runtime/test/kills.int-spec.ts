import { tinyDetector } from '@takt/testing';
import type { Activation } from '@takt/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LineUnderTest, isAlive, quickPolicy } from './line-under-test.js';

const light = tinyDetector({ size: 64, width: 8, seed: 1 });
const equal = tinyDetector({ size: 64, width: 8, seed: 2 });
/** Whether two engines are equal in speed is not asked here; a wide bound keeps the tests apart from the machine's noise. */
const health = { ...quickPolicy, windowFrames: 20, soloFrames: 30, maxServiceTimeIncrease: 5 };
const PHASES = ['warming', 'comparing', 'solo'] as const;

let line: LineUnderTest;
let first: Activation;
let second: Activation;

beforeEach(async () => {
  line = await LineUnderTest.create({ args: ['--frame-deadline-ms', '1500'] });
  await line.start();
  await line.assign({ fps: 80 });
  first = await line.activation('first', light, health);
  await line.activate(first);
  second = await line.activation('second', equal, health);
});

afterEach(async () => {
  await line.remove();
});

const begin = async (): Promise<void> => {
  expect((await line.call('PUT', '/v1/activation', second)).status).toBe(202);
};

/** Each phase and each victim once; all pairs of them where everything is proved. */
const SAMPLE: readonly string[] = ['runtime warming', "candidate's host comparing", 'serving host solo', 'runtime comparing'];
const isPlayed = (victim: string, phase: string): boolean => process.env['TAKT_PROVE'] === '1' || SAMPLE.includes(`${victim} ${phase}`);

describe.each(PHASES)('a kill while the candidate is %s', (phase) => {
  if (isPlayed('runtime', phase))
    it('of the runtime costs one attempt, leaves no process, and the check ends as if nothing had happened', async () => {
      await begin();
      const status = await line.untilPhase(phase);
      const hosts = await line.hostPids();
      await line.end('SIGKILL');
      await line.until('the engine hosts have ended', () => Promise.resolve(!hosts.some(isAlive)));
      expect(hosts.length).toBeGreaterThanOrEqual(1);
      expect((await line.prepare()).candidate).toEqual({ deploymentId: second.deploymentId, attempts: 2 });
      await line.start();
      const outcome = await line.untilEnded(second);
      expect(outcome).toMatchObject({ outcome: 'committed', health: { outcome: 'pass' } });
      expect(outcome.health?.previous?.frames).toBeGreaterThanOrEqual(health.windowFrames);
      expect(await line.status()).toMatchObject({ serving: { deploymentId: second.deploymentId }, candidate: null });
      expect(status.candidate?.attempts).toBe(1);
    });

  if (isPlayed("candidate's host", phase))
    it("of the candidate's host restarts its window and loses no frame", async () => {
      await begin();
      const status = await line.untilPhase(phase);
      const committed = status.serving?.enginePid ?? 0;
      const taken = status.metrics.framesTaken;
      // While it is warming its process may not be there yet.
      await line.until('the candidate has a process', async () => (await line.hostPids()).some((pid) => pid !== committed));
      for (const pid of await line.hostPids()) if (pid !== committed) process.kill(pid, 'SIGKILL');
      await line.until('the second attempt counts', async () => ((await line.status()).candidate?.attempts ?? 0) === 2);
      const outcome = await line.untilEnded(second);
      expect(outcome).toMatchObject({ outcome: 'committed', health: { outcome: 'pass' } });
      expect(outcome.health?.findings.find(({ code }) => code === 'Attempts')).toMatchObject({ measured: 2, held: true });
      const { metrics, startedAt } = await line.status();
      expect(metrics.engineRestarts).toBe(1);
      await line.end('SIGTERM');
      const { served, dropped } = await line.frames(startedAt);
      expect(new Set(served).size).toBe(served.length);
      // A busy machine may cost frames and the end of the runtime those that waited; the kill costs none: its frame went to the
      // engine that was there before.
      expect(dropped.filter(({ frame, reason }) => frame >= taken && !['too-slow', 'stopped'].includes(reason))).toEqual([]);
    });

  if (isPlayed('serving host', phase))
    it('of the serving host is made good and the candidate is checked against the new one', async () => {
      await begin();
      const status = await line.untilPhase(phase);
      process.kill(status.serving?.enginePid ?? 0, 'SIGKILL');
      expect(await line.untilEnded(second)).toMatchObject({ outcome: 'committed' });
      expect(await line.status()).toMatchObject({ serving: { deploymentId: second.deploymentId } });
    });
});

describe('a candidate that does not stay up', () => {
  it('is given up after its attempts when its host keeps ending', async () => {
    await begin();
    const committed = (await line.status()).serving?.enginePid ?? 0;
    let killed = 0;
    await line.until('the candidate is given up', async () => {
      if ((await line.status()).candidate === null) return true;
      for (const pid of await line.hostPids()) {
        if (pid === committed) continue;
        process.kill(pid, 'SIGKILL');
        killed += 1;
        await line.until('the killed host is gone', () => Promise.resolve(!isAlive(pid)));
      }
      return false;
    });
    expect(killed).toBe(health.maxAttempts);
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'rolled-back', reason: 'Attempts' });
    expect(await line.status()).toMatchObject({ serving: { deploymentId: first.deploymentId, enginePid: committed } });
  });

  it('is given up before the start, as not measured, when the runtime ended each time', async () => {
    await begin();
    await line.untilPhase('comparing');
    for (let attempt = 2; attempt <= health.maxAttempts; attempt += 1) {
      await line.end('SIGKILL');
      await line.start();
      await line.untilPhase('comparing');
    }
    await line.end('SIGKILL');
    expect(await line.prepare()).toMatchObject({ engine: first.deploymentId, candidate: null });
    await line.start();
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'rolled-back', reason: 'NotMeasured' });
    await line.until('the first engine serves', async () => (await line.status()).serving?.deploymentId === first.deploymentId);
  });

  it('is killed when it hangs, while the engine before it serves the frame', async () => {
    await begin();
    const committed = (await line.untilPhase('comparing')).serving?.enginePid ?? 0;
    const hung = (await line.hostPids()).filter((pid) => pid !== committed);
    for (const pid of hung) process.kill(pid, 'SIGSTOP');
    await line.until('the hung host is killed', () => Promise.resolve(!hung.some(isAlive)));
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'committed' });
  });
});

describe('an end that was asked for', () => {
  it('costs no attempt', async () => {
    await begin();
    await line.untilPhase('comparing');
    expect(await line.end('SIGTERM')).toBe(0);
    expect((await line.prepare()).candidate).toEqual({ deploymentId: second.deploymentId, attempts: 1 });
    await line.start();
    expect(await line.untilEnded(second)).toMatchObject({ outcome: 'committed' });
  });
});
