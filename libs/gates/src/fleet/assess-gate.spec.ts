import { describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../random.js';
import { assessGate, isEnough } from './assess-gate.js';
import type { GateInput } from './assess-gate.js';
import { DEFAULT_GATE_POLICY } from './gate-policy.js';
import type { GateOutcome, GateReport } from './gate-policy.js';
import type { PeriodInterval, SlotFigures } from './interval.js';
import { lookAt, lookTimes } from './planned-looks.js';
import { bucketOf } from './service-histogram.js';

// Some simulate hundreds of gates, seconds of work that a busy machine may stretch.
vi.setConfig({ testTimeout: 300_000 });

/** Rates are checked on every simulated gate by `npm run prove`, on a quarter of them, or twenty, by `npm test`. */
const gatesOf = (runs: number): number => (process.env['TAKT_PROVE'] === '1' ? runs : Math.min(runs, Math.max(20, Math.ceil(runs / 4))));

const policy = { ...DEFAULT_GATE_POLICY, minFrames: 100, minIntervals: 6 };

const EARLY = { number: 1, planned: 3, upToSeconds: 30, confidenceToPass: null, confidenceToFail: 0.975, nextAtSeconds: 60 };
const FIRST = { number: 2, planned: 3, upToSeconds: 60, confidenceToPass: 0.95, confidenceToFail: 0.95, nextAtSeconds: 120 };
const LAST = { ...FIRST, number: 3, upToSeconds: 120, nextAtSeconds: null };

/** Load of the host per interval, which lasts for a while: first-order autoregressive. */
function* loads(random: () => number, spread: number): Generator<number> {
  let load = 0;
  for (;;) {
    load = 0.6 * load + spread * gauss(random);
    yield load;
  }
}
const gauss = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

interface Engine {
  readonly ms: number;
  readonly fps?: number;
  readonly errors?: number;
}

function period(
  random: () => number,
  { ms, fps = 20, errors = 0 }: Engine,
  intervals: number,
  noise: { spread: number; shared?: readonly number[] },
): PeriodInterval[] {
  const own = loads(random, noise.spread);
  return Array.from({ length: intervals }, (_, index) => {
    const load = Math.exp((own.next().value as number) + (noise.shared?.[index] ?? 0));
    const counts = new Map<number, number>();
    const frames = Math.round(fps * 5);
    for (let frame = 0; frame < frames; frame += 1) {
      const bucket = bucketOf(ms * load * Math.exp(0.08 * gauss(random)));
      counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
    }
    return {
      seconds: 5,
      lagSeconds: (intervals - 0.5 - index) * 5,
      delivered: frames,
      dropped: 0,
      errors,
      serviceTime: [...counts].sort(([a], [b]) => a - b),
    };
  });
}

interface Scene {
  readonly before: Engine;
  readonly after: Engine;
  readonly slots?: number;
  readonly controls?: number;
  readonly intervals?: number;
  readonly spread?: number;
  /** What all slots of the factory suffer after the move, as a factor. */
  readonly drift?: number;
  /** Load that all slots meet at the same moments, as those of one host do. */
  readonly hostSpread?: number;
}

function figures(seed: number, scene: Scene): Pick<GateInput, 'updated' | 'controls'> {
  const random = seededRandom(seed);
  const { intervals = 12, spread = 0.03, drift = 1 } = scene;
  const hostLoads = scene.hostSpread === undefined ? undefined : loads(random, scene.hostSpread);
  const host = (): number[] => Array.from({ length: intervals }, () => (hostLoads?.next().value as number | undefined) ?? 0);
  const [hostBefore, hostAfter] = [host(), host()];
  const slot = (group: string, index: number, after: Engine): SlotFigures => ({
    slotId: `${group}-${String(index)}`,
    nodeId: `node-${group}-${String(index)}`,
    requiredFps: 20,
    before: period(random, scene.before, intervals, { spread, shared: hostBefore }),
    after: period(random, after, intervals, { spread, shared: hostAfter.map((load) => load + Math.log(drift)) }),
  });
  return {
    updated: Array.from({ length: scene.slots ?? 1 }, (_, index) => slot('u', index, scene.after)),
    controls: Array.from({ length: scene.controls ?? 0 }, (_, index) => slot('c', index, scene.before)),
  };
}

function gate(seed: number, scene: Scene, change: Partial<GateInput> = {}): GateReport {
  const slots = scene.slots ?? 1;
  return assessGate({
    policy,
    canary: true,
    ...figures(seed, scene),
    nodes: { total: slots, attempted: slots, succeeded: slots, failed: 0, rolledBack: 0 },
    look: FIRST,
    seed,
    ...change,
  });
}

/** Share of the outcomes of gates of the seeds from 1 on. */
const shareOf = (of: (seed: number, scene: Scene) => GateOutcome, scene: Scene, outcome: GateOutcome, runs = 100): number => {
  const outcomes = Array.from({ length: gatesOf(runs) }, (_, seed) => of(seed + 1, scene));
  return outcomes.filter((each) => each === outcome).length / outcomes.length;
};

const share = (scene: Scene, outcome: GateOutcome, runs = 60): number =>
  shareOf((seed, given) => gate(seed, given).outcome, scene, outcome, runs);

const equal: Scene = { before: { ms: 20 }, after: { ms: 20 } };

describe('a gate', () => {
  it('passes an equal engine nearly always, and never fails it', () => {
    expect(share(equal, 'successful')).toBeGreaterThanOrEqual(0.95);
    expect(share(equal, 'failed')).toBe(0);
  });

  it('fails an engine that is far slower', () => {
    expect(share({ before: { ms: 20 }, after: { ms: 34 } }, 'failed')).toBe(1);
  });

  it('passes an engine that is worse than the margin in at most 5 % of gates: that is what its confidence means', () => {
    expect(share({ before: { ms: 20 }, after: { ms: 22.4 } }, 'successful', 100)).toBeLessThanOrEqual(0.05);
  });

  it('is not decided by what the whole factory suffers, as long as control slots suffer it too', () => {
    const drift = { ...equal, drift: 1.3, controls: 3 };
    expect(share(drift, 'successful')).toBeGreaterThanOrEqual(0.9);
    expect(share({ ...drift, controls: 0 }, 'successful')).toBe(0);
    // Nor does a quieter factory hide a slower engine.
    expect(share({ before: { ms: 20 }, after: { ms: 26 }, drift: 0.8, controls: 3 }, 'failed')).toBeGreaterThanOrEqual(0.95);
  });

  it('says so where the figures cannot tell, and does not pass', () => {
    const noisy: Scene = { before: { ms: 20 }, after: { ms: 22 }, intervals: 8, spread: 0.12 };
    expect(share(noisy, 'running')).toBeGreaterThanOrEqual(0.6);
    const seed = Array.from({ length: 20 }, (_, n) => n + 1).find((n) => gate(n, noisy).outcome === 'running') ?? 0;
    expect(gate(seed, noisy).missing.join()).toContain('not shown yet');
    expect(gate(seed, noisy, { look: LAST })).toMatchObject({ outcome: 'inconclusive' });
  });

  it('draws slots where there are many, and finds the same', () => {
    expect(gate(1, { ...equal, slots: 40, intervals: 6 }).outcome).toBe('successful');
    expect(gate(1, { before: { ms: 20 }, after: { ms: 25 }, slots: 40, intervals: 6 }).outcome).toBe('failed');
  });

  it('gives the same report for the same figures', () => {
    expect(gate(7, equal)).toEqual(gate(7, equal));
  });
});

/** The first `count` intervals of a period, which ends with them. */
const first = (intervals: readonly PeriodInterval[], count: number): PeriodInterval[] =>
  intervals.slice(0, count).map((interval, index, kept) => ({ ...interval, lagSeconds: (kept.length - 0.5 - index) * interval.seconds }));

/** A whole gate: every planned look in turn, until one decides. Intervals are of five seconds. */
function sequence(seed: number, scene: Scene): GateOutcome {
  const plan = { soakSeconds: 60, maxSoakSeconds: 480 };
  const { updated, controls } = figures(seed, { ...scene, intervals: plan.maxSoakSeconds / 5 });
  // The past is twice the soak, and as long as the time since the move where that is more.
  const upTo = (slots: readonly SlotFigures[], seconds: number): SlotFigures[] =>
    slots.map((slot) => ({
      ...slot,
      before: slot.before.slice(-Math.max(24, Math.floor(seconds / 5))),
      after: first(slot.after, Math.floor(seconds / 5)),
    }));
  let outcome: GateOutcome = 'running';
  for (const at of lookTimes(plan)) {
    const look = lookAt(plan, policy.confidence, at, (seconds) => upTo(updated, seconds).every((slot) => isEnough(slot, policy)));
    const nodes = { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0 };
    const input = { policy, canary: true, updated: upTo(updated, at), controls: upTo(controls, at), nodes, look, seed };
    outcome = assessGate(input).outcome;
    if (outcome !== 'running') break;
  }
  return outcome;
}

/** What planned looks are better than: one after every interval from the soak on, each at the whole confidence. */
function unplanned(seed: number, scene: Scene): GateOutcome {
  const { updated } = figures(seed, { ...scene, intervals: 96 });
  for (let intervals = 12; intervals <= 96; intervals += 7) {
    const upTo = updated.map((slot) => ({ ...slot, before: first(slot.before, 24), after: first(slot.after, intervals) }));
    const nodes = { total: 1, attempted: 1, succeeded: 1, failed: 0, rolledBack: 0 };
    const { outcome } = assessGate({ policy, canary: true, updated: upTo, controls: [], nodes, look: FIRST, seed });
    if (outcome !== 'running') return outcome;
  }
  return 'inconclusive';
}

describe('all looks of a gate together', () => {
  const slower: Scene = { before: { ms: 20 }, after: { ms: 22.4 } };

  it('pass an engine that is worse than the margin in at most 5 % of gates', () => {
    expect(shareOf(sequence, slower, 'successful')).toBeLessThanOrEqual(0.05);
  });

  it('pass one at the margin far less often than as many looks as there are figures', () => {
    const atTheMargin: Scene = { before: { ms: 20 }, after: { ms: 22 }, spread: 0.05 };
    const planned = shareOf(sequence, atTheMargin, 'successful', 200);
    expect(planned).toBeLessThanOrEqual(0.13);
    expect(planned).toBeLessThanOrEqual(0.6 * shareOf(unplanned, atTheMargin, 'successful', 60));
  });

  it('pass an equal engine and fail a far slower one', () => {
    expect(shareOf(sequence, equal, 'successful')).toBeGreaterThanOrEqual(0.98);
    expect(shareOf(sequence, equal, 'failed')).toBe(0);
    expect(shareOf(sequence, { before: { ms: 20 }, after: { ms: 26 }, spread: 0.05 }, 'failed')).toBeGreaterThanOrEqual(0.95);
  });
});

describe('slots that meet the same load at the same moments', () => {
  const busy = { hostSpread: 0.12, spread: 0.02, controls: 2 } as const;
  const engine = (ms: number, more: Partial<Scene> = {}): Scene => ({ before: { ms: 20 }, after: { ms }, ...busy, ...more });

  it('are compared at those moments: an equal engine passes nearly always on a host where its past alone could not tell', () => {
    expect(shareOf(sequence, engine(20), 'successful', 40)).toBeGreaterThanOrEqual(0.95);
    expect(shareOf(sequence, engine(20, { controls: 0 }), 'successful', 20)).toBeLessThanOrEqual(0.6);
  });

  it('do not let a worse engine pass more often for it', () => {
    expect(shareOf(sequence, engine(22.4), 'successful', 40)).toBeLessThanOrEqual(0.05);
    expect(shareOf(sequence, engine(26), 'failed', 20)).toBe(1);
  });

  it('are no better evidence than one slot where there are no controls: a mean over them is no surer', () => {
    const many = engine(22.4, { controls: 0, slots: 8 });
    expect(share(many, 'successful', 100)).toBeLessThanOrEqual(0.05);
  });
});

describe('without enough figures a gate', () => {
  it('runs on, and names what is missing', () => {
    const report = gate(1, { ...equal, intervals: 3 });
    expect(report.outcome).toBe('running');
    expect(report.missing).toEqual(
      expect.arrayContaining([expect.stringContaining('3 intervals'), expect.stringContaining('from before')]),
    );
  });

  it('is inconclusive when its time is up, and an error where nothing came at all', () => {
    expect(gate(1, { ...equal, intervals: 3 }, { look: LAST }).outcome).toBe('inconclusive');
    const silent = gate(1, { ...equal, intervals: 0 }, { look: LAST });
    expect(silent).toMatchObject({ outcome: 'error', reason: 'NotMeasured' });
    expect(silent.suggestedAction).toContain('takt nodes');
  });

  it('does not pass although everything holds, while the soak lasts', () => {
    expect(gate(1, equal, { look: EARLY })).toMatchObject({ outcome: 'running', missing: ['the soak time is not over'] });
  });

  it('does not pass where too few of the wave’s nodes were measured', () => {
    const nodes = { total: 10, attempted: 10, succeeded: 10, failed: 0, rolledBack: 0 };
    expect(gate(1, { ...equal, slots: 2 }, { nodes, look: LAST })).toMatchObject({ outcome: 'inconclusive', reason: 'NodesMeasured' });
  });
});

describe('nodes that are away', () => {
  it('are not held against those that have the release', () => {
    const nodes = { total: 10, attempted: 4, succeeded: 4, failed: 0, rolledBack: 0 };
    expect(gate(1, { ...equal, slots: 4 }, { nodes, canary: false }).outcome).toBe('successful');
  });
});

describe('whatever the figures, a gate fails', () => {
  it('where a canary went back by itself, at once', () => {
    const nodes = { total: 1, attempted: 1, succeeded: 0, failed: 0, rolledBack: 1 };
    expect(gate(1, equal, { updated: [], nodes, look: null })).toMatchObject({ outcome: 'failed', reason: 'NodesFailed' });
  });

  it('where more of a later wave’s nodes failed than the policy forgives', () => {
    const nodes = (failed: number): GateInput['nodes'] => ({ total: 20, attempted: 20, succeeded: 20 - failed, failed, rolledBack: 0 });
    const scene = { ...equal, slots: 17, intervals: 6 };
    expect(gate(1, scene, { canary: false, nodes: nodes(3) }).outcome).toBe('failed');
    expect(gate(1, scene, { canary: false, nodes: nodes(2) }).outcome).toBe('successful');
  });

  it('where the line gets fewer results than it needs', () => {
    const report = gate(1, { before: { ms: 20, fps: 20 }, after: { ms: 20, fps: 17 } });
    expect(report).toMatchObject({ outcome: 'failed', reason: 'DeliveredFps' });
  });

  it('where a single line of many starves, whatever the mean says', () => {
    const { updated } = figures(1, { ...equal, slots: 30, intervals: 6 });
    const starved = updated.map((slot, index) =>
      index === 4 ? { ...slot, after: slot.after.map((each) => ({ ...each, delivered: 2 })) } : slot,
    );
    const nodes = { total: 30, attempted: 30, succeeded: 30, failed: 0, rolledBack: 0 };
    expect(assessGate({ policy, canary: true, updated: starved, controls: [], nodes, look: FIRST, seed: 1 })).toMatchObject({
      outcome: 'failed',
      reason: 'LinesBelowRate',
    });
  });

  it('where frames end in errors', () => {
    expect(gate(1, { before: { ms: 20 }, after: { ms: 20, errors: 5 } })).toMatchObject({ outcome: 'failed', reason: 'ErrorRate' });
  });
});

describe('one slot of ten', () => {
  const nodes = { total: 10, attempted: 10, succeeded: 10, failed: 0, rolledBack: 0 };
  const lowest = bucketOf(0);
  const highest = bucketOf(1e9);
  /** A gate of ten moved and ten control slots, of which the first has these figures after the move. */
  const withOne = (of: 'updated' | 'controls', scene: Scene, after: (interval: PeriodInterval) => PeriodInterval): GateReport => {
    const all = figures(3, { slots: 10, controls: 10, ...scene });
    const changed = all[of].map((slot, index) => (index === 0 ? { ...slot, after: slot.after.map(after) } : slot));
    return assessGate({ policy, canary: true, ...all, [of]: changed, nodes, look: FIRST, seed: 3 });
  };
  const served = (bucket: number) => (interval: PeriodInterval) => ({ ...interval, serviceTime: [[bucket, interval.delivered] as const] });
  const slower: Scene = { before: { ms: 20 }, after: { ms: 27 } };

  it('that did not move, however slow it becomes, hides no loss of those that did', () => {
    expect(withOne('controls', slower, served(highest))).toMatchObject({ outcome: 'failed', reason: 'ServiceTimeP50' });
  });

  it('that did not move, however fast it becomes, makes nothing of theirs a loss', () => {
    expect(withOne('controls', equal, served(lowest)).outcome).toBe('successful');
  });

  it('that moved, however fast it becomes, hides no loss of the others; where it becomes slow, it counts in full', () => {
    expect(withOne('updated', slower, served(lowest)).outcome).toBe('failed');
    expect(withOne('updated', equal, served(highest)).outcome).toBe('failed');
  });

  it('that moved, however much it delivers, hides neither errors of the others nor what they do not deliver', () => {
    const much = (interval: PeriodInterval): PeriodInterval => ({ ...interval, errors: 0, delivered: 5_000, serviceTime: [[61, 5_000]] });
    const wrong = withOne('updated', { before: { ms: 20 }, after: { ms: 20, errors: 3 } }, much);
    expect(wrong).toMatchObject({ outcome: 'failed', reason: 'ErrorRate' });
    expect(withOne('updated', { before: { ms: 20 }, after: { ms: 20, fps: 18.5 } }, much).findings[2]).toMatchObject({
      code: 'DeliveredFps',
      outcome: 'failed',
      message: expect.stringContaining('surplus left out') as string,
    });
  });
});

describe('a line that was below its rate before', () => {
  it('is held to what it had', () => {
    expect(gate(1, { before: { ms: 20, fps: 12 }, after: { ms: 20, fps: 15 } }).outcome).toBe('successful');
  });
});

describe('distributions', () => {
  it('show before and after of moved and control slots, with shares that add up', () => {
    const { distributions } = gate(1, { ...equal, controls: 2 });
    expect(distributions.map((group) => group.group)).toEqual(['updated before', 'updated after', 'control before', 'control after']);
    for (const group of distributions) {
      expect(group.buckets.reduce((sum, bucket) => sum + bucket.share, 0)).toBeCloseTo(1, 9);
      expect(group.p50Ms).toBeGreaterThan(17);
      expect(group.p50Ms).toBeLessThan(23);
    }
  });
});
