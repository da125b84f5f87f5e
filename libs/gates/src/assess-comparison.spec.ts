import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMPARISON, assessComparison, comparedEngine, isComparisonLook } from './assess-comparison.js';
import type { Comparison } from './assess-comparison.js';
import { DEFAULT_HEALTH_POLICY } from './health-policy.js';
import { seededRandom } from './random.js';

const policy = DEFAULT_HEALTH_POLICY;
type Noise = (random: () => number) => () => number;

const gauss = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const lognormal =
  (sigma: number): Noise =>
  (random) =>
  () =>
    20 * Math.exp(sigma * gauss(random));

/** Autocorrelated: the host's load wanders, and both engines meet it. */
const wandering =
  (memory: number): Noise =>
  (random) => {
    let level = 0;
    return () => {
      level = memory * level + Math.sqrt(1 - memory * memory) * gauss(random);
      return 20 * Math.exp(0.3 * level);
    };
  };

/** Bursts of a neighbour's load of geometric length that double service time: p95 sits on the edge of two modes. */
const bursts =
  (rate: number, mean: number): Noise =>
  (random) => {
    let left = 0;
    return () => {
      if (left === 0 && random() < rate) left = Math.ceil(-mean * Math.log(1 - random()));
      const slow = left > 0 ? 2 : 1;
      left = Math.max(0, left - 1);
      return 20 * slow * Math.exp(0.05 * gauss(random));
    };
  };

const NOISES: Record<string, Noise> = {
  tight: lognormal(0.05),
  heavy: lognormal(0.3),
  pareto: (random) => () => 20 * (0.8 + 0.2 * Math.pow(1 - random(), -1 / 1.5)),
  wandering: wandering(0.9),
  quick: wandering(0.6),
  'rare bursts': bursts(0.005, 10),
  'long bursts': bursts(0.01, 25),
  'spikes at the p95': (random) => () => 20 * (random() < 0.05 ? 2.5 : 1) * Math.exp(0.05 * gauss(random)),
};

function check(noise: Noise, factor: number, seed: number): Comparison & { readonly frames: number } {
  const next = noise(seededRandom(seed));
  const previous: number[] = [];
  const candidate: number[] = [];
  for (let index = 0; ; index += 1) {
    const engine = comparedEngine(index);
    (engine === 'previous' ? previous : candidate).push(next() * (engine === 'candidate' ? factor : 1));
    if (!isComparisonLook(index + 1)) continue;
    const comparison = assessComparison(previous, candidate, policy);
    if (comparison.verdict !== 'continue') return { ...comparison, frames: candidate.length };
  }
}

const verdicts = (factor: number, seeds: number): { fails: number; runs: number; mostFrames: number } => {
  let fails = 0;
  let runs = 0;
  let mostFrames = 0;
  for (const noise of Object.values(NOISES)) {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = check(noise, factor, seed * 7919);
      runs += 1;
      fails += result.verdict === 'fail' ? 1 : 0;
      mostFrames = Math.max(mostFrames, result.frames);
    }
  }
  return { fails, runs, mostFrames };
};

describe('assessComparison over simulated hosts', () => {
  it('keeps an equal engine: at most 1 % of checks roll back', () => {
    const { fails, runs, mostFrames } = verdicts(1, 40);
    expect(fails / runs).toBeLessThanOrEqual(0.01);
    expect(mostFrames).toBeLessThanOrEqual(policy.maxWindowFrames);
  });

  it('catches an engine that is 1.25 times slower in at least 98 % of checks', () => {
    const { fails, runs } = verdicts(1.25, 20);
    expect(fails / runs).toBeGreaterThanOrEqual(0.98);
  });

  it('always catches an engine that is twice as slow, within the first window', () => {
    const { fails, runs, mostFrames } = verdicts(2, 25);
    expect(fails).toBe(runs);
    expect(mostFrames).toBeLessThanOrEqual(policy.windowFrames + COMPARISON.lookEvery);
  });

  it('keeps a faster engine', () => {
    expect(verdicts(0.6, 10).fails).toBe(0);
  });

  it('catches an engine that stalls on every tenth frame though its median is equal', () => {
    let count = 0;
    const stalling: Noise = (random) => () => 20 * Math.exp(0.05 * gauss(random));
    const next = stalling(seededRandom(3));
    const previous: number[] = [];
    const candidate: number[] = [];
    for (let index = 0; index < 200; index += 1) {
      if (comparedEngine(index) === 'previous') previous.push(next());
      else candidate.push(next() * ((count += 1) % 10 === 0 ? 3 : 1));
    }
    const comparison = assessComparison(previous, candidate, policy);
    expect(comparison.verdict).toBe('fail');
    expect(comparison.findings.map((finding) => [finding.code, finding.held])).toEqual([
      ['ServiceTimeP50', true],
      ['ServiceTimeP95', false],
    ]);
  });
});

/**
 * An overloaded host with 5 ms engines: each process waits for a processor by itself, in spells of its own of geometric length,
 * and a wait has a heavy tail. `spells` is how often a spell begins, per engine; both see the same load of the host besides.
 */
const overloaded =
  (spells: { readonly previous: number; readonly candidate: number }, waitMs: number) =>
  (random: () => number): ((engine: 'previous' | 'candidate') => number) => {
    const left = { previous: 0, candidate: 0 };
    let level = 0;
    return (engine) => {
      level = 0.98 * level + 0.2 * gauss(random);
      if (left[engine] === 0 && random() < spells[engine]) left[engine] = Math.ceil(-12 * Math.log(1 - random()));
      const waits = random() < (left[engine] > 0 ? 0.7 : 0.3);
      left[engine] = Math.max(0, left[engine] - 1);
      const wait = waits ? waitMs * Math.exp(0.4 * level) * (Math.pow(1 - random(), -1 / 2.5) - 0.6) : 0;
      return 5 * Math.exp(0.05 * gauss(random)) + wait;
    };
  };

/** Runs of `seeds` checks on an overloaded host; the candidate does `factor` times the work. */
function overloadedFails(noise: ReturnType<typeof overloaded>, factor: number, seeds: number, windowFrames: number): number {
  const narrow = { ...policy, windowFrames, maxWindowFrames: 4 * windowFrames };
  let fails = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const next = noise(seededRandom(seed * 104_729));
    const times = { previous: [] as number[], candidate: [] as number[] };
    for (let index = 0; ; index += 1) {
      const engine = comparedEngine(index);
      times[engine].push(next(engine) * (engine === 'candidate' ? factor : 1));
      if (!isComparisonLook(index + 1)) continue;
      const { verdict } = assessComparison(times.previous, times.candidate, narrow);
      if (verdict === 'fail') fails += 1;
      if (verdict !== 'continue') break;
    }
  }
  return fails;
}

describe('assessComparison on an overloaded host', () => {
  const even = { previous: 0.02, candidate: 0.02 };
  const uneven = { previous: 0.02, candidate: 0.025 };

  it.each([
    ['short waits', overloaded(even, 4)],
    ['long waits', overloaded(even, 20)],
    ['a candidate that is hit by a quarter more spells', overloaded(uneven, 8)],
  ])('keeps an equal engine: %s', (_, noise) => {
    expect(overloadedFails(noise, 1, 100, 100)).toBeLessThanOrEqual(2);
    expect(overloadedFails(noise, 1, 100, 60)).toBeLessThanOrEqual(2);
  });

  it('catches an engine that is twice as slow', () => {
    expect(overloadedFails(overloaded(even, 4), 2, 100, 100)).toBe(100);
    expect(overloadedFails(overloaded(even, 20), 2, 100, 100)).toBeGreaterThanOrEqual(95);
  });
});

describe('assessComparison', () => {
  it('keeps an engine that was slow in one half of the window alone, as far as that half may be the host', () => {
    const before = Array.from({ length: 400 }, (_, index) => 20 + (index % 7) * 0.1);
    const slowStart = before.map((value, index) => value * (index < 190 ? 1.6 : 1));
    expect(assessComparison(before, slowStart, policy).verdict).toBe('pass');
    expect(assessComparison(before.slice(0, 100), slowStart.slice(0, 100), policy).verdict).toBe('fail');
  });

  it('extends where the previous engine breaches against itself, and decides at the end by p50 alone', () => {
    const host = (frames: number): number[] =>
      Array.from({ length: frames }, (_, index) => (index < frames / 2 ? 20 : 26) + (index % 7) * 0.1);
    const slower = (frames: number): number[] => host(frames).map((value) => value * 1.2);
    const stalls = (frames: number): number[] => host(frames).map((value, index) => value * (index % 10 === 0 ? 3 : 1));
    expect(assessComparison(host(100), slower(100), policy).verdict).toBe('continue');
    expect(assessComparison(host(400), slower(400), policy).verdict).toBe('fail');
    expect(assessComparison(host(400), stalls(400), policy).verdict).toBe('pass');
  });

  it('does not throw an engine out for a difference that timers and pipes blur', () => {
    const quick = Array.from({ length: 100 }, (_, index) => 1.5 + (index % 7) * 0.01);
    const blurred = quick.map((value) => value + 0.4);
    const slower = quick.map((value) => value + 0.7);
    expect(assessComparison(quick, blurred, policy).verdict).toBe('pass');
    expect(assessComparison(quick, slower, policy).verdict).toBe('fail');
  });

  const steady = (value: number, frames: number): number[] => Array.from({ length: frames }, (_, index) => value + (index % 7) * 0.01);

  it('says the numbers of each bound', () => {
    const { verdict, findings } = assessComparison(steady(20, 100), steady(25, 100), policy);
    expect(verdict).toBe('fail');
    expect(findings[0]).toMatchObject({ code: 'ServiceTimeP50', held: false, unit: 'ms' });
    expect(findings[0]?.message).toBe(
      'service-time p50 of the new engine is 25.0 ms against 20.0 ms of the previous one (+25 %, allowed +10 %) over 100 and 100 frames',
    );
  });

  it('waits for the window unless the breach is large and shown', () => {
    expect(assessComparison(steady(20, 40), steady(25, 40), policy).verdict).toBe('continue');
    expect(assessComparison(steady(20, 20), steady(60, 20), policy).verdict).toBe('continue');
    expect(assessComparison(steady(20, 30), steady(60, 30), policy).verdict).toBe('fail');
  });

  it('allows exactly the allowed increase and not more', () => {
    const before = Array.from({ length: 100 }, () => 20);
    expect(
      assessComparison(
        before,
        before.map(() => 22),
        policy,
      ).verdict,
    ).toBe('pass');
    expect(
      assessComparison(
        before,
        before.map(() => 22.5),
        policy,
      ).verdict,
    ).toBe('fail');
  });

  it('decides by the figures alone: the same samples give the same verdict, and scaling both sides far above the floor changes nothing', () => {
    const times = fc.array(fc.double({ min: 20, max: 100, noNaN: true }), { minLength: 100, maxLength: 140 });
    fc.assert(
      fc.property(times, times, fc.constantFrom(2, 4), (previous, candidate, scale) => {
        const first = assessComparison(previous, candidate, policy);
        expect(assessComparison(previous, candidate, policy)).toEqual(first);
        const scaled = assessComparison(
          previous.map((value) => value * scale),
          candidate.map((value) => value * scale),
          policy,
        );
        expect(scaled.verdict).toBe(first.verdict);
      }),
      { numRuns: 40 },
    );
  });

  it('always decides at the last frame of the window', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.5, max: 2, noNaN: true }), (seed, factor) => {
        const next = wandering(0.9)(seededRandom(seed));
        const draw = (scale: number): number[] => Array.from({ length: policy.maxWindowFrames }, () => next() * scale);
        expect(assessComparison(draw(1), draw(factor), policy).verdict).not.toBe('continue');
      }),
      { numRuns: 40 },
    );
  });

  it('runs to the end of its ordinary window and passes with the breach as a finding where the policy only reports one', () => {
    const reporting = { ...policy, onPerformanceBreach: 'report' } as const;
    expect(assessComparison(steady(20, 90), steady(60, 90), reporting)).toEqual({ verdict: 'continue', findings: [] });
    const twice = assessComparison(steady(20, 100), steady(40, 100), reporting);
    expect(twice.verdict).toBe('pass');
    expect(twice.findings.map(({ code, held }) => [code, held])).toEqual([
      ['ServiceTimeP50', false],
      ['ServiceTimeP95', false],
    ]);
    expect(assessComparison(steady(20, 100), steady(20, 100), reporting)).toMatchObject({
      verdict: 'pass',
      findings: [{ held: true }, {}],
    });
  });

  it('never extends where the policy only reports a breach, and keeps a bound that is exceeded by chance', () => {
    const reporting = { ...policy, onPerformanceBreach: 'report' } as const;
    for (let seed = 1; seed <= 40; seed += 1) {
      const next = lognormal(0.3)(seededRandom(seed));
      const draw = (): number[] => Array.from({ length: policy.windowFrames }, next);
      const { verdict, findings } = assessComparison(draw(), draw(), reporting);
      expect(verdict).toBe('pass');
      for (const { held, measured, bound, message } of findings)
        if (held && measured > bound) expect(message).toContain('not shown to be more than noise');
    }
  });

  it('gives both engines equal shares in every round', () => {
    const round = Array.from({ length: COMPARISON.lookEvery }, (_, index) => comparedEngine(index));
    expect(round.filter((engine) => engine === 'candidate')).toHaveLength(COMPARISON.lookEvery / 2);
    expect(comparedEngine(0)).toBe('previous');
  });
});
