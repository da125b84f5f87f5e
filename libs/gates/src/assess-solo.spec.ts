import { describe, expect, it } from 'vitest';
import { assessSolo, maxSoloFrames } from './assess-solo.js';
import { assessAccuracy, assessAttempts, assessDeadline, assessErrors, noFrames } from './bounds.js';
import { DEFAULT_HEALTH_POLICY } from './health-policy.js';
import { brokenBound, buildHealthReport, decidingBound, describeHealth } from './health-report.js';
import { quantile, summarize } from './quantile.js';

const policy = DEFAULT_HEALTH_POLICY;
const span = (results: number, fps: number): number => ((results - 1) * 1000) / fps;

describe('assessSolo', () => {
  it('waits until the window is full', () => {
    expect(assessSolo({ delivered: 59, spanMs: span(59, 5), requiredFps: 20, previousFps: null, dropped: 0 }, policy).verdict).toBe(
      'continue',
    );
  });

  it('passes a camera that runs at the required rate, though its phase shaves a fraction off', () => {
    const assessed = assessSolo({ delivered: 60, spanMs: span(60, 19.9), requiredFps: 20, previousFps: null, dropped: 0 }, policy);
    expect(assessed.verdict).toBe('pass');
    expect(assessed.findings[0]).toMatchObject({ code: 'DeliveredFps', held: true, unit: 'fps', bound: 20 });
  });

  it('fails at once when far below, and only after the extended window when a little below', () => {
    expect(assessSolo({ delivered: 60, spanMs: span(60, 12), requiredFps: 20, previousFps: null, dropped: 40 }, policy).verdict).toBe(
      'fail',
    );
    expect(assessSolo({ delivered: 60, spanMs: span(60, 18), requiredFps: 20, previousFps: null, dropped: 6 }, policy).verdict).toBe(
      'continue',
    );
    const last = assessSolo(
      { delivered: maxSoloFrames(policy), spanMs: span(60, 18), requiredFps: 20, previousFps: null, dropped: 24 },
      policy,
    );
    expect(last.verdict).toBe('fail');
    expect(last.findings[0]?.message).toBe(
      'the new engine alone delivered 18.0 FPS over 60 frames, the line needs 20.0 FPS; 24 camera frames were dropped meanwhile',
    );
  });

  it('holds the new engine to what the previous one delivered, where that was less than the line needs', () => {
    const solo = (fps: number, previousFps: number | null): ReturnType<typeof assessSolo> =>
      assessSolo({ delivered: maxSoloFrames(policy), spanMs: span(60, fps), requiredFps: 20, previousFps, dropped: 20 }, policy);
    const better = solo(15, 8);
    expect(better).toMatchObject({ verdict: 'pass', findings: [{ held: true, bound: 8 }] });
    expect(better.findings[0]?.message).toBe(
      'the new engine alone delivered 15.0 FPS over 60 frames, the line needs 20.0 FPS and had 8.0 FPS before; 20 camera frames were dropped meanwhile',
    );
    expect(solo(15, 17)).toMatchObject({ verdict: 'fail', findings: [{ held: false, bound: 17 }] });
    expect(solo(15, 20)).toMatchObject({ verdict: 'fail', findings: [{ held: false, bound: 20 }] });
    expect(solo(15, null).verdict).toBe('fail');
  });

  it('passes at the end of its window with the finding where the policy only reports a breach', () => {
    const seen = { delivered: 60, spanMs: span(60, 12), requiredFps: 20, previousFps: null, dropped: 40 };
    const reporting = { ...policy, onPerformanceBreach: 'report' } as const;
    expect(assessSolo(seen, reporting)).toMatchObject({ verdict: 'pass', findings: [{ code: 'DeliveredFps', held: false, bound: 20 }] });
    expect(assessSolo({ ...seen, delivered: 59 }, reporting).verdict).toBe('continue');
  });

  it('asks for nothing where the policy has no solo window', () => {
    expect(
      assessSolo({ delivered: 0, spanMs: 0, requiredFps: 20, previousFps: null, dropped: 0 }, { ...policy, soloFrames: 0 }).verdict,
    ).toBe('pass');
  });
});

describe('other bounds', () => {
  it('takes the error rate of at least a window of frames', () => {
    expect(assessErrors(1, 10, policy).held).toBe(true);
    expect(assessErrors(2, 10, policy).held).toBe(false);
    expect(assessErrors(4, 400, policy).held).toBe(true);
  });

  it('holds accuracy, attempts and deadline to the policy', () => {
    expect(assessAccuracy(0.4, 0.4).held).toBe(true);
    expect(assessAccuracy(0.41, 0.4)).toMatchObject({ held: false, unit: 'points' });
    expect(assessAttempts(3, policy).held).toBe(true);
    expect(assessAttempts(4, policy)).toMatchObject({ held: false, measured: 4, bound: 3 });
    expect(assessDeadline(180_001, policy).held).toBe(false);
    expect(noFrames(180_001, 12, policy)).toMatchObject({
      code: 'NotMeasured',
      held: false,
      message: 'the new engine could not be measured: no frame was judged for 180.0 s (allowed 180.0 s), 12 before that',
    });
  });
});

describe('health report', () => {
  const input = {
    previous: [1, 2, 3],
    candidate: [],
    deliveredFps: null,
    requiredFps: 20,
    errors: 0,
    framesDropped: 0,
    durationMs: 5,
    rollbackMs: 900,
  };

  it('fails by one broken bound and names it', () => {
    const report = buildHealthReport({ ...input, findings: [assessErrors(0, 100, policy), assessAttempts(4, policy)] });
    expect(report.outcome).toBe('fail');
    expect(brokenBound(report)?.code).toBe('Attempts');
    expect(report.candidate).toBeNull();
    expect(describeHealth(report)).toContain('0.90 s after');
  });

  it('is decided by the first broken bound that the policy does not leave to others', () => {
    const slow = assessSolo({ delivered: 60, spanMs: span(60, 12), requiredFps: 20, previousFps: null, dropped: 40 }, policy).findings;
    const reporting = { ...policy, onPerformanceBreach: 'report' } as const;
    const slowOnly = buildHealthReport({ ...input, findings: slow });
    expect(slowOnly.outcome).toBe('fail');
    expect(decidingBound(slowOnly, policy)?.code).toBe('DeliveredFps');
    expect(decidingBound(slowOnly, reporting)).toBeUndefined();
    for (const ending of [assessErrors(9, 100, policy), assessAccuracy(1, 0.4), assessAttempts(4, policy), noFrames(180_001, 0, policy)]) {
      const report = buildHealthReport({ ...input, findings: [...slow, ending] });
      expect(decidingBound(report, reporting)?.code).toBe(ending.code);
    }
  });

  it('has no rollback time on a pass', () => {
    const report = buildHealthReport({ ...input, findings: [assessErrors(0, 100, policy)] });
    expect(report).toMatchObject({ outcome: 'pass', rollbackMs: null });
  });
});

describe('quantile', () => {
  it('interpolates as definition 7', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.95)).toBeCloseTo(4.8, 12);
    expect(quantile([7], 0.99)).toBe(7);
    expect(summarize([])).toBeNull();
  });

  it('refuses what has no quantile', () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
  });
});
