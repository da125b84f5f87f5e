import { TaktError } from '@takt/kernel';
import type { DeploymentId } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameEvent } from '../activation/machine-types.js';
import type { CameraFrame } from '../camera/camera.js';
import { ENGINE_LOST } from '../engines/engine-host.js';
import { DropReason, FrameLedger } from './frame-ledger.js';
import { FrameQueue } from './frame-queue.js';
import { serveLine } from './serve-line.js';
import { ServiceCounters } from './service-counters.js';
import { ServiceWindow } from './service-window.js';

const A = 'a' as DeploymentId;
const B = 'b' as DeploymentId;
type Behaviour = 'ok' | 'lost' | 'fails' | 'unreadable';

const errors: Record<Exclude<Behaviour, 'ok'>, TaktError> = {
  lost: new TaktError({ code: ENGINE_LOST, message: 'lost', action: 'none', retryable: true }),
  fails: new TaktError({ code: 'EngineRunFailed', message: 'fails', action: 'none' }),
  unreadable: new TaktError({ code: 'ImageUnreadable', message: 'unreadable', action: 'none' }),
};

async function play(frames: readonly { readonly engines: readonly DeploymentId[]; readonly does: Readonly<Record<string, Behaviour>> }[]) {
  const ledger = new FrameLedger();
  const delivered: { frame: number; deploymentId: DeploymentId }[] = [];
  const dropped: { frame: number; reason: DropReason }[] = [];
  const observed: FrameEvent[] = [];
  const unreadable: string[] = [];
  const decoded: string[] = [];
  const queue = new FrameQueue<CameraFrame>(frames.length, () => undefined);
  let time = 0;
  const clock = { now: () => 0, monotonic: () => (time += 1) };
  for (const _ of frames) queue.push({ number: ledger.take(), name: '/frame.jpg', bytes: () => Promise.resolve(new Uint8Array([1])) });
  let current = -1;
  const serving = serveLine({
    queue,
    ledger,
    window: new ServiceWindow(10, 0),
    counters: new ServiceCounters(),
    sink: {
      deliver: ({ frame, deploymentId }) => delivered.push({ frame, deploymentId }),
      drop: (frame, reason) => dropped.push({ frame, reason }),
      close: () => Promise.resolve(),
    },
    clock,
    engines: () => frames[(current += 1)]?.engines ?? [],
    detect: (deploymentId) => {
      const does = frames[current]?.does[deploymentId] ?? 'ok';
      return does === 'ok' ? Promise.resolve({ boxes: [], inferenceMs: 1 }) : Promise.reject(errors[does]);
    },
    onDecoded: (name) => decoded.push(name),
    onUnreadable: (name, _, stage) => unreadable.push(`${stage} ${name}`),
    observe: (event) => observed.push(event),
    onError: () => undefined,
  });
  while (ledger.counts().open > 0) await new Promise((resolve) => setImmediate(resolve));
  queue.close();
  await serving;
  return { ledger, delivered, dropped, observed, unreadable, decoded };
}

describe('serving frames', () => {
  it('gives a frame that its engine lost to the next one, and counts no error for a lost process', async () => {
    const { delivered, dropped, observed } = await play([{ engines: [B, A], does: { [B]: 'lost' } }]);
    expect(delivered).toEqual([{ frame: 0, deploymentId: A }]);
    expect(dropped).toEqual([]);
    expect(observed).toMatchObject([{ deploymentId: A, planned: false, ok: true }]);
  });

  it('counts an error of the engine and asks no other one for an unreadable picture', async () => {
    const { delivered, dropped, observed, unreadable, decoded } = await play([
      { engines: [B, A], does: { [B]: 'fails' } },
      { engines: [B, A], does: { [B]: 'unreadable' } },
      { engines: [], does: {} },
    ]);
    expect(delivered).toEqual([{ frame: 0, deploymentId: A }]);
    expect(dropped).toEqual([
      { frame: 1, reason: DropReason.unreadable },
      { frame: 2, reason: DropReason.noEngine },
    ]);
    expect(unreadable).toEqual(['decode /frame.jpg']);
    expect(decoded).toEqual(['/frame.jpg']);
    expect(observed.map(({ deploymentId, ok }) => [deploymentId, ok])).toEqual([
      [B, false],
      [A, true],
    ]);
  });

  it('settles every frame exactly once whatever the engines do', async () => {
    const behaviour = fc.constantFrom<Behaviour>('ok', 'ok', 'lost', 'fails', 'unreadable');
    const frame = fc.record({ engines: fc.constantFrom([A], [B, A], [A, B], []), does: fc.record({ [A]: behaviour, [B]: behaviour }) });
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 40 }), async (frames) => {
        const { ledger, delivered, dropped } = await play(frames);
        const numbers = [...delivered, ...dropped].map((one) => one.frame).sort((a, b) => a - b);
        expect(numbers).toEqual(frames.map((_, index) => index));
        expect(ledger.counts()).toEqual({ taken: frames.length, delivered: delivered.length, dropped: dropped.length, open: 0 });
      }),
      { numRuns: 60 },
    );
  });
});

describe('the ledger', () => {
  it('refuses to settle a frame twice or one that was never taken', () => {
    const ledger = new FrameLedger();
    const frame = ledger.take();
    ledger.deliver(frame);
    expect(() => {
      ledger.drop(frame);
    }).toThrow(RangeError);
    expect(() => {
      ledger.deliver(7);
    }).toThrow(RangeError);
    expect(ledger.counts()).toEqual({ taken: 1, delivered: 1, dropped: 0, open: 0 });
  });
});

describe('the queue', () => {
  it('drops the oldest waiting frame when it is full, and what waits when it is closed', async () => {
    const dropped: number[] = [];
    const queue = new FrameQueue<number>(2, (item) => dropped.push(item));
    for (const item of [1, 2, 3, 4]) queue.push(item);
    expect(dropped).toEqual([1, 2]);
    expect(await queue.take()).toBe(3);
    queue.close();
    queue.push(5);
    expect(dropped).toEqual([1, 2, 4, 5]);
    expect(await queue.take()).toBeUndefined();
  });

  it('hands a frame to who waits and ends the wait when it is closed', async () => {
    const queue = new FrameQueue<number>(2, () => undefined);
    const waiting = queue.take();
    queue.push(1);
    expect(await waiting).toBe(1);
    const ending = queue.take();
    queue.close();
    expect(await ending).toBeUndefined();
  });
});

describe('the service window', () => {
  it('forgets what is older than its length', () => {
    const window = new ServiceWindow(10, 0);
    expect(window.read(500).deliveredFps).toBeNull();
    for (let at = 0; at < 20_000; at += 100) window.add(at, 5);
    expect(window.read(20_000)).toMatchObject({ deliveredFps: 9.9, serviceTime: { frames: 99, p50Ms: 5 } });
  });
});
