import type { Heartbeat } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { SampleRecorder } from './sample-recorder.js';

type Recorded = Parameters<ConstructorParameters<typeof SampleRecorder>[0]['record']>[0];

const START = Date.UTC(2026, 0, 1);
const slot = (slotId: string, since: string | null = '2026-01-01T00:00:00Z'): Heartbeat['slots'][number] => ({
  slotId: slotId as never,
  runtimeReachable: since !== null,
  activeDeploymentId: null,
  deliveredFps: 10,
  requiredFps: 10,
  serviceP50Ms: 1,
  serviceP95Ms: 1,
  serviceP99Ms: 1,
  framesDelivered: 1,
  framesDropped: 0,
  errors: 0,
  counters: since === null ? null : { since, elapsedMs: 1, delivered: 1, dropped: 0, errors: 0, serviceTime: [] },
});
const beatOf = (nodeId: string, second: number, ...slots: Heartbeat['slots']): Parameters<SampleRecorder['record']>[0][number] => ({
  nodeId: nodeId as never,
  at: new Date(START + second * 1000),
  heartbeat: { slots } as unknown as Heartbeat,
});
const beat = (second: number, ...slots: Heartbeat['slots']): ReturnType<typeof beatOf> => beatOf('node', second, ...slots);
const recorder = (
  isBad: (reading: Recorded[number]) => boolean = () => false,
): { record: SampleRecorder['record']; calls: Recorded[]; break: (error: Error | null) => void } => {
  const calls: Recorded[] = [];
  let broken: Error | null = null;
  const made = new SampleRecorder(
    {
      record: (readings) => {
        if (broken !== null) return Promise.reject(broken);
        if (readings.some(isBad)) return Promise.reject(Object.assign(new Error('out of range'), { code: '22003' }));
        calls.push(readings);
        return Promise.resolve(readings.length);
      },
    },
    10_000,
  );
  return { record: (beats) => made.record(beats), calls, break: (error) => (broken = error) };
};

describe('SampleRecorder', () => {
  it('writes all that came together in one go, and each slot once in a window', async () => {
    const { record, calls } = recorder();
    await record([beat(1, slot('a'), slot('b')), beat(2, slot('c'))]);
    for (let second = 3; second < 40; second += 2) await record([beat(second, slot('a'))]);
    expect(calls.map((readings) => readings.map(({ slotId, at }) => `${slotId} ${String((at.getTime() - START) / 1000)}`))).toEqual([
      ['a 1', 'b 1', 'c 2'],
      ['a 11'],
      ['a 21'],
      ['a 31'],
    ]);
  });

  it('takes a beat of the window before that is written late', async () => {
    const { record, calls } = recorder();
    await record([beat(11, slot('a'))]);
    await record([beat(9, slot('b')), beat(12, slot('b'))]);
    expect(calls).toHaveLength(2);
    expect(calls[1]).toHaveLength(2);
  });

  it('takes nothing of a runtime that does not answer, nor a time that no database takes', async () => {
    const { record, calls } = recorder();
    await record([beat(1, slot('a', null), slot('b', '0000-01-01T00:00:00Z'))]);
    expect(calls).toEqual([]);
  });

  it('leaves out a reading that the database refuses, names its node, and tries the slot once in a window', async () => {
    const { record, calls } = recorder(({ slotId }) => slotId === ('b' as never));
    const together = (second: number): Parameters<SampleRecorder['record']>[0] => [
      beatOf('one', second, slot('a')),
      beatOf('two', second, slot('b'), slot('c')),
      beatOf('three', second, slot('d')),
    ];
    expect(await record(together(1))).toMatchObject([{ nodeId: 'two', error: { code: '22003' } }]);
    expect(calls.flat().map(({ slotId }) => slotId)).toEqual(['a', 'c', 'd']);
    expect(await record(together(3))).toEqual([]);
    expect(await record(together(11))).toHaveLength(1);
    expect(calls.flat()).toHaveLength(6);
  });

  it('takes the reading of a slot from its node where another node names it too', async () => {
    const { record, calls } = recorder();
    await record([beatOf('other', 1, slot('a'))]);
    await record([beatOf('its own', 2, slot('a'))]);
    expect(calls.flat().map(({ nodeId }) => nodeId)).toEqual(['other', 'its own']);
  });

  it('tries the next reading where one could not be written', async () => {
    const { record, calls, break: fail } = recorder();
    fail(new Error('away'));
    await expect(record([beat(1, slot('a'))])).rejects.toThrow('away');
    fail(null);
    await record([beat(3, slot('a'))]);
    expect(calls).toHaveLength(1);
  });
});
