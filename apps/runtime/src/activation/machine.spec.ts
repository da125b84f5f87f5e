import { activationSchema } from '@takt/contracts';
import type { Activation } from '@takt/contracts';
import { DEFAULT_HEALTH_POLICY } from '@takt/gates';
import type { HealthPolicy } from '@takt/gates';
import type { DeploymentId } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canRollBack, initialState, isSettled, step } from './machine.js';
import type { Command, FrameEvent, MachineEvent, MachineState } from './machine-types.js';
import { prepareStart } from './prepare-start.js';
import { EMPTY_RECORD } from './record.js';
import type { ActivationRecord } from './record.js';
import { enginesFor } from './trial.js';

const policy: HealthPolicy = { ...DEFAULT_HEALTH_POLICY, windowFrames: 20, maxWindowFrames: 60, soloFrames: 20 };

const activation = (index: number, changes: Partial<Activation> = {}): Activation => ({
  ...activationSchema.parse({
    deploymentId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    releaseName: `release-${String(index)}`,
    plan: {
      engine: 'onnxruntime',
      precision: 'fp32',
      recipe: 'fp32',
      threads: { intraOp: 1, spin: false },
      artifact: `sha256:${String(index).padStart(64, '0')}`,
      engineVersion: '1',
      fingerprint: 'f',
    },
    artifactPath: `/artifacts/${String(index)}`,
    accuracy: { map50: 0.9, map50_95: 0.6, images: 64 },
    dropPoints: 0,
    accuracyBudgetPoints: 0.4,
    health: policy,
  }),
  ...changes,
});

/** The world around the machine: commands are carried out at once, engines become ready when told to. */
class World {
  state: MachineState;
  readonly commands: Command[] = [];
  readonly running = new Set<DeploymentId>();
  disk: ActivationRecord;
  monotonic = 0;
  dropped = 0;

  constructor(record: ActivationRecord = EMPTY_RECORD) {
    this.state = initialState(record);
    this.disk = record;
  }

  send(event: MachineEvent): void {
    const { state, commands } = step(this.state, event, { monotonic: this.monotonic, wall: '2026-01-01T00:00:00.000Z' });
    this.state = state;
    for (const command of commands) {
      this.commands.push(command);
      if (command.type === 'persist') this.disk = command.record;
      if (command.type === 'start') this.running.add(command.activation.deploymentId);
      if (command.type === 'end') this.running.delete(command.deploymentId);
    }
  }

  boot(): this {
    this.send({ type: 'line', requiredFps: 10, newSource: true });
    this.send({ type: 'boot' });
    return this;
  }

  ready(deploymentId: DeploymentId): void {
    this.send({ type: 'engine-ready', deploymentId });
  }

  lose(deploymentId: DeploymentId): void {
    this.running.delete(deploymentId);
    this.send({ type: 'engine-lost', deploymentId });
  }

  frame(serviceMs: (deploymentId: DeploymentId) => number = () => 10, outcome: Partial<FrameEvent> = {}): void {
    const [deploymentId] = enginesFor(this.state);
    if (deploymentId === undefined) return;
    this.monotonic += 50;
    const takenAt = this.monotonic;
    this.send({
      type: 'frame',
      deploymentId,
      planned: true,
      takenAt,
      doneAt: takenAt + serviceMs(deploymentId),
      ok: true,
      droppedTotal: this.dropped,
      ...outcome,
    });
  }

  frames(count: number, serviceMs?: (deploymentId: DeploymentId) => number): void {
    for (let index = 0; index < count && this.state.trial !== null; index += 1) this.frame(serviceMs);
  }

  get outcomes(): readonly string[] {
    return this.disk.outcomes.map(({ outcome, reason }) => `${outcome}${reason === null ? '' : ` ${reason}`}`);
  }
}

const first = activation(1);
const second = activation(2);

const serving = (): World => {
  const world = new World().boot();
  world.send({ type: 'activate', activation: first });
  world.ready(first.deploymentId);
  world.frames(policy.soloFrames);
  expect(world.outcomes).toEqual(['committed']);
  return world;
};

const checking = (): World => {
  const world = serving();
  world.send({ type: 'activate', activation: second });
  world.ready(second.deploymentId);
  return world;
};

describe('the first activation', () => {
  it('is persisted before its engine starts, serves alone and is committed', () => {
    const world = serving();
    expect(world.commands.map(({ type }) => type)).toEqual(['persist', 'persist', 'start', 'persist', 'persist']);
    expect(world.disk.committed?.deploymentId).toBe(first.deploymentId);
    expect(world.disk.candidate).toBeNull();
  });

  it('goes back to nothing when it cannot keep the rate', () => {
    const world = new World();
    world.send({ type: 'line', requiredFps: 100, newSource: true });
    world.send({ type: 'boot' });
    world.send({ type: 'activate', activation: first });
    world.ready(first.deploymentId);
    world.frames(500);
    expect(world.outcomes).toEqual(['rolled-back DeliveredFps']);
    expect(enginesFor(world.state)).toEqual([]);
  });
});

describe('a check beside a serving engine', () => {
  it('alternates, lets the candidate serve alone, commits, and then ends the engine before it', () => {
    const world = checking();
    expect(world.state.trial?.phase).toBe('comparing');
    world.frames(2 * policy.windowFrames);
    expect(world.state.trial?.phase).toBe('solo');
    expect(enginesFor(world.state)).toEqual([second.deploymentId, first.deploymentId]);
    expect(world.running).toContain(first.deploymentId);
    world.frames(policy.soloFrames);
    expect(world.outcomes).toEqual(['committed', 'committed']);
    expect(world.disk.previous?.deploymentId).toBe(first.deploymentId);
    expect(world.commands.at(-1)).toEqual({ type: 'end', deploymentId: first.deploymentId });
    const report = world.disk.outcomes.at(-1)?.health;
    expect(report?.findings.map(({ code }) => code)).toEqual([
      'ServiceTimeP50',
      'ServiceTimeP95',
      'DeliveredFps',
      'ErrorRate',
      'Accuracy',
      'Attempts',
    ]);
    expect(report).toMatchObject({ outcome: 'pass', errors: 0, rollbackMs: null });
  });

  it('goes back from a slower engine with its numbers, and every frame after goes to the one before', () => {
    const world = checking();
    world.frames(500, (engine) => (engine === second.deploymentId ? 20 : 10));
    expect(world.outcomes).toEqual(['committed', 'rolled-back ServiceTimeP50']);
    const health = world.disk.outcomes.at(-1)?.health;
    expect(health?.previous?.p50Ms).toBe(10);
    expect(health?.candidate?.p50Ms).toBe(20);
    expect(health?.rollbackMs).toBeGreaterThan(0);
    expect(enginesFor(world.state)).toEqual([first.deploymentId]);
    expect(world.running).toEqual(new Set([first.deploymentId]));
  });

  it('fails on accuracy after the comparison, before the candidate serves alone', () => {
    const world = serving();
    world.send({ type: 'activate', activation: activation(3, { dropPoints: 0.5 }) });
    world.ready(activation(3).deploymentId);
    world.frames(500);
    expect(world.outcomes.at(-1)).toBe('rolled-back Accuracy');
  });

  it('holds to every other bound where the policy has no solo window', () => {
    const health = { ...policy, soloFrames: 0 };
    const world = new World().boot();
    world.send({ type: 'activate', activation: activation(5, { health, dropPoints: 0.5 }) });
    world.ready(activation(5).deploymentId);
    expect(world.outcomes).toEqual(['rolled-back Accuracy']);
    world.send({ type: 'activate', activation: activation(6, { health }) });
    world.ready(activation(6).deploymentId);
    expect(world.outcomes.at(-1)).toBe('committed');
  });

  it('fails on errors of the candidate, not on those of the engine before', () => {
    const world = checking();
    for (let index = 0; index < 20; index += 1) world.frame(undefined, { ok: false, deploymentId: first.deploymentId });
    expect(world.state.trial).not.toBeNull();
    world.frame(undefined, { ok: false, deploymentId: second.deploymentId });
    world.frame(undefined, { ok: false, deploymentId: second.deploymentId });
    expect(world.outcomes.at(-1)).toBe('rolled-back ErrorRate');
  });

  it("does not take a stand-in's time for a sample", () => {
    const world = checking();
    world.frame(() => 900, { planned: false });
    expect(world.state.trial).toMatchObject({ turn: 0, previousMs: [], candidateMs: [] });
  });

  it('starts its window over when the camera changes and when either engine is lost', () => {
    for (const disturb of [
      (world: World) => world.send({ type: 'line', requiredFps: 10, newSource: true }),
      (world: World) => world.lose(first.deploymentId),
      (world: World) => world.lose(second.deploymentId),
    ]) {
      const world = checking();
      world.frames(30);
      disturb(world);
      expect(world.state.trial).toMatchObject({ turn: 0, previousMs: [], candidateMs: [] });
      world.ready(first.deploymentId);
      world.ready(second.deploymentId);
      world.frames(500);
      expect(world.outcomes).toEqual(['committed', 'committed']);
    }
  });

  it('is given up after its attempts', () => {
    const crashing = checking();
    for (let attempt = 1; attempt <= policy.maxAttempts; attempt += 1) {
      crashing.lose(second.deploymentId);
      crashing.ready(second.deploymentId);
    }
    expect(crashing.outcomes.at(-1)).toBe('rolled-back Attempts');
  });

  it('has all the time that a slow camera needs, as long as frames are judged', () => {
    const world = checking();
    world.send({ type: 'line', requiredFps: 0.005, newSource: true });
    for (let frame = 0; frame < 200 && world.state.trial !== null; frame += 1) {
      world.monotonic += policy.deadlineMs - 100;
      world.send({ type: 'tick' });
      world.frame();
    }
    expect(world.outcomes).toEqual(['committed', 'committed']);
    expect(world.disk.committed?.deploymentId).toBe(second.deploymentId);
  });

  it('is given up as not measured when no frame is judged for its deadline, also over a restart that was asked for', () => {
    const dark = checking();
    dark.frames(6);
    dark.monotonic += policy.deadlineMs + 20;
    dark.send({ type: 'tick' });
    expect(dark.outcomes.at(-1)).toBe('rolled-back NotMeasured');
    expect(dark.disk.outcomes.at(-1)?.message).toMatch(/no frame was judged for 180\.0 s \(allowed 180\.0 s\), 6 before that/);

    const stopped = checking();
    stopped.monotonic += policy.deadlineMs - 1;
    stopped.send({ type: 'stop' });
    const again = new World(stopped.disk);
    again.monotonic = 5;
    again.boot();
    again.monotonic += 2;
    again.send({ type: 'tick' });
    expect(again.outcomes.at(-1)).toBe('rolled-back NotMeasured');
  });

  it('is given up at its deadline when its engine does not become ready', () => {
    const late = serving();
    late.send({ type: 'activate', activation: second });
    late.monotonic += policy.deadlineMs + 1;
    late.send({ type: 'tick' });
    expect(late.outcomes.at(-1)).toBe('rolled-back Deadline');
  });

  it('is given up as not measured when the engine it is compared with keeps ending', () => {
    const world = checking();
    for (let loss = 0; loss <= policy.maxAttempts && world.state.trial !== null; loss += 1) {
      world.frames(10);
      world.lose(first.deploymentId);
      world.ready(first.deploymentId);
    }
    expect(world.outcomes.at(-1)).toBe('rolled-back NotMeasured');
    expect(enginesFor(world.state)).toEqual([first.deploymentId]);
  });

  it('keeps an engine that is below the required rate but above what the line had before', () => {
    const slowLine = (fps: number, candidateFps: number): World => {
      const world = new World({ ...EMPTY_RECORD, committed: first });
      world.send({ type: 'line', requiredFps: 20, newSource: true });
      world.send({ type: 'boot' });
      world.ready(first.deploymentId);
      // A frame of this world takes 50 ms and what is added here.
      const serve = (each: number): void => {
        world.monotonic += 1000 / each - 50;
        world.frame(() => 20);
      };
      for (let frame = 0; frame < 30; frame += 1) serve(fps);
      world.send({ type: 'activate', activation: second });
      world.ready(second.deploymentId);
      for (let frame = 0; frame < 300 && world.state.trial !== null; frame += 1)
        serve(world.state.trial.phase === 'solo' ? candidateFps : fps);
      return world;
    };
    const better = slowLine(8, 15);
    expect(better.outcomes.at(-1)).toBe('committed');
    expect(better.disk.outcomes.at(-1)?.health?.findings.find(({ code }) => code === 'DeliveredFps')?.message).toMatch(
      /delivered 15\.0 FPS over 20 frames, the line needs 20\.0 FPS and had 8\.0 FPS before/,
    );
    expect(slowLine(15, 8).outcomes.at(-1)).toBe('rolled-back DeliveredFps');
    expect(slowLine(20, 15).outcomes.at(-1)).toBe('rolled-back DeliveredFps');
  });

  it('waits for the committed engine, and does without one that cannot be loaded any more', () => {
    const world = new World({ ...EMPTY_RECORD, committed: first }).boot();
    world.send({ type: 'activate', activation: second });
    expect(world.running).toEqual(new Set([first.deploymentId]));
    const error = { code: 'ArtifactMissing', message: 'gone', action: 'none', retryable: false };
    world.send({ type: 'engine-refused', deploymentId: first.deploymentId, error });
    world.ready(second.deploymentId);
    world.frames(500);
    expect(world.disk.committed?.deploymentId).toBe(second.deploymentId);
  });
});

describe('a check whose policy only reports a breach of speed', () => {
  const health: HealthPolicy = { ...policy, onPerformanceBreach: 'report' };
  const reported = activation(7, { health });
  const isSlow = (engine: DeploymentId): number => (engine === first.deploymentId ? 10 : 20);
  const reporting = (wanted: Activation = reported): World => {
    const world = serving();
    world.send({ type: 'activate', activation: wanted });
    world.ready(wanted.deploymentId);
    return world;
  };

  it('runs to the end of its ordinary window, commits the slower engine, and keeps what it broke', () => {
    const world = reporting();
    world.frames(2 * policy.windowFrames - 1, isSlow);
    expect(world.state.trial?.phase).toBe('comparing');
    world.frame(isSlow);
    expect(world.state.trial?.phase).toBe('solo');
    world.frames(policy.soloFrames, isSlow);
    expect(world.outcomes).toEqual(['committed', 'committed BreachReported']);
    expect(world.disk.committed?.deploymentId).toBe(reported.deploymentId);
    expect(world.disk.previous?.deploymentId).toBe(first.deploymentId);
    const outcome = world.disk.outcomes.at(-1);
    expect(outcome?.health).toMatchObject({ outcome: 'fail', rollbackMs: null });
    expect(outcome?.health?.findings.filter(({ held }) => !held).map(({ code }) => code)).toEqual(['ServiceTimeP50', 'ServiceTimeP95']);
    expect(outcome?.message).toMatch(
      /^Release release-7 broke a bound of speed and stays: the policy leaves the decision to the fleet's gate\. Service-time p50 of the new engine is 20\.0 ms against 10\.0 ms/,
    );
    expect(isSettled(world.disk, reported.deploymentId)).toBe(true);
  });

  it('does not extend the solo window of one that delivers too few frames', () => {
    const world = serving();
    // A frame of this world takes 50 ms: 20 FPS, short by less than what fails at once.
    world.send({ type: 'line', requiredFps: 23, newSource: true });
    world.send({ type: 'activate', activation: reported });
    world.ready(reported.deploymentId);
    world.frames(2 * policy.windowFrames + policy.soloFrames, () => 0);
    expect(world.outcomes.at(-1)).toBe('committed BreachReported');
    expect(world.disk.outcomes.at(-1)?.health?.findings.find(({ held }) => !held)?.code).toBe('DeliveredFps');
  });

  it('says nothing of a breach where there is none', () => {
    const world = reporting();
    world.frames(500);
    expect(world.outcomes.at(-1)).toBe('committed');
    expect(world.disk.outcomes.at(-1)?.health?.outcome).toBe('pass');
  });

  it('goes back for anything else, and names that', () => {
    const wrong = reporting();
    for (let frame = 0; frame < 30; frame += 1) wrong.frame(isSlow);
    wrong.frame(undefined, { ok: false, deploymentId: reported.deploymentId });
    wrong.frame(undefined, { ok: false, deploymentId: reported.deploymentId });
    expect(wrong.outcomes.at(-1)).toBe('rolled-back ErrorRate');

    const inaccurate = reporting(activation(8, { health, dropPoints: 0.5 }));
    inaccurate.frames(500, isSlow);
    expect(inaccurate.outcomes.at(-1)).toBe('rolled-back Accuracy');

    const crashing = reporting();
    for (let attempt = 1; attempt <= policy.maxAttempts; attempt += 1) {
      crashing.frames(10, isSlow);
      crashing.lose(reported.deploymentId);
      crashing.ready(reported.deploymentId);
    }
    expect(crashing.outcomes.at(-1)).toBe('rolled-back Attempts');

    for (const [engineReady, reason] of [
      [false, 'Deadline'],
      [true, 'NotMeasured'],
    ] as const) {
      const late = serving();
      late.send({ type: 'activate', activation: reported });
      if (engineReady) late.ready(reported.deploymentId);
      late.monotonic += policy.deadlineMs + 1;
      late.send({ type: 'tick' });
      expect(late.outcomes.at(-1)).toBe(`rolled-back ${reason}`);
    }
  });

  it('commits by a policy without a solo window, and without a comparison', () => {
    const world = reporting(activation(9, { health: { ...health, soloFrames: 0 } }));
    world.frames(2 * policy.windowFrames, isSlow);
    expect(world.outcomes.at(-1)).toBe('committed BreachReported');
  });
});

describe('a deployment that takes another back', () => {
  const revert = (index: number, of: Activation): Activation => activation(index, { plan: of.plan, revert: true });

  it('brings the engine before back without a check, though it is the slower one', () => {
    const world = checking();
    world.frames(500);
    const back = revert(10, first);
    world.send({ type: 'activate', activation: back });
    world.ready(back.deploymentId);
    expect(world.outcomes.at(-1)).toBe('committed ReturnedToKnownEngine');
    expect(world.disk.committed?.deploymentId).toBe(back.deploymentId);
    expect(world.running).toEqual(new Set([back.deploymentId]));
    world.send({ type: 'activate', activation: back });
    expect(world.disk.candidate).toBeNull();
  });

  it('ends a check that runs', () => {
    const world = checking();
    const back = revert(10, first);
    world.send({ type: 'activate', activation: back });
    world.ready(back.deploymentId);
    expect(world.outcomes.slice(-2)).toEqual(['rolled-back Superseded', 'committed ReturnedToKnownEngine']);
  });

  it('is checked like any other where this line does not know its engine', () => {
    const world = checking();
    world.frames(500);
    world.send({ type: 'activate', activation: activation(11, { revert: true }) });
    expect(world.disk.candidate?.kind).toBe('check');
    world.send({ type: 'activate', activation: activation(12, { plan: first.plan }) });
    expect(world.disk.candidate?.kind).toBe('check');
  });
});

describe('activating', () => {
  it('is idempotent while the engine is checked, serves, or was given up', () => {
    const world = checking();
    const before = world.commands.length;
    world.send({ type: 'activate', activation: second });
    expect(world.commands).toHaveLength(before);
    world.frames(500, (engine) => (engine === second.deploymentId ? 20 : 10));
    expect(isSettled(world.disk, second.deploymentId)).toBe(true);
    expect(isSettled(world.disk, first.deploymentId)).toBe(true);
    expect(isSettled(world.disk, activation(9).deploymentId)).toBe(false);
  });

  it('takes the place of a check that runs', () => {
    const world = checking();
    world.send({ type: 'activate', activation: activation(3) });
    expect(world.outcomes).toEqual(['committed', 'rolled-back Superseded']);
    expect(world.disk.candidate?.activation.deploymentId).toBe(activation(3).deploymentId);
  });

  it('brings a deployment back that was committed before, without comparing it', () => {
    const world = checking();
    world.frames(500);
    world.send({ type: 'activate', activation: first });
    expect(world.disk.candidate?.kind).toBe('return');
    world.ready(first.deploymentId);
    expect(world.outcomes.at(-1)).toBe('committed ReturnedToKnownEngine');
    expect(world.disk.committed?.deploymentId).toBe(first.deploymentId);
  });
});

describe("an operator's rollback", () => {
  it('ends a check, or puts the engine before back once', () => {
    const ended = checking();
    ended.send({ type: 'rollback' });
    expect(ended.outcomes.at(-1)).toBe('rolled-back OperatorRollback');

    const world = checking();
    world.frames(500);
    world.send({ type: 'rollback' });
    expect(enginesFor(world.state)).toEqual([second.deploymentId]);
    world.ready(first.deploymentId);
    expect(enginesFor(world.state)).toEqual([first.deploymentId]);
    expect(canRollBack(world.disk)).toBe(false);
    expect(isSettled(world.disk, second.deploymentId)).toBe(true);
  });
});

describe('an engine whose artifact is refused', () => {
  const error = { code: 'ArtifactDigestMismatch', message: 'another digest', action: 'deploy again', retryable: false };

  it('fails as a candidate and leaves the line alone', () => {
    const world = serving();
    world.send({ type: 'activate', activation: second });
    world.send({ type: 'engine-refused', deploymentId: second.deploymentId, error });
    expect(world.outcomes.at(-1)).toBe('failed ArtifactDigestMismatch');
    expect(enginesFor(world.state)).toEqual([first.deploymentId]);
  });

  it('is replaced by the one before when it was committed, and tried again where there is none', () => {
    const world = new World({ ...EMPTY_RECORD, committed: second, previous: first }).boot();
    world.send({ type: 'engine-refused', deploymentId: second.deploymentId, error });
    world.ready(first.deploymentId);
    expect(world.disk.committed?.deploymentId).toBe(first.deploymentId);

    const alone = new World({ ...EMPTY_RECORD, committed: first }).boot();
    alone.send({ type: 'engine-refused', deploymentId: first.deploymentId, error });
    expect(alone.commands.at(-1)).toEqual({ type: 'start', activation: first, after: 'refusal' });
  });

  it('is reported once where nothing can take over, and takes its place again with a file that was built again', () => {
    const alone = new World({ ...EMPTY_RECORD, committed: first }).boot();
    for (let n = 0; n < 2; n += 1) alone.send({ type: 'engine-refused', deploymentId: first.deploymentId, error });
    expect(alone.outcomes).toEqual(['rolled-back ArtifactDigestMismatch']);
    expect(isSettled(alone.disk, first.deploymentId)).toBe(false);
    alone.send({ type: 'activate', activation: first });
    alone.ready(first.deploymentId);
    expect(alone.disk.committed?.deploymentId).toBe(first.deploymentId);
    expect(isSettled(alone.disk, first.deploymentId)).toBe(true);
  });
});

describe('a start of the runtime', () => {
  const killed = (world: World): ActivationRecord => prepareStart(world.disk, '2026-01-01T00:00:01.000Z', 10);

  it('counts an attempt only when the last one ended uncleanly while the candidate was loaded', () => {
    const world = checking();
    expect(killed(world).candidate).toMatchObject({ attempts: 2, running: false });
    expect(prepareStart(killed(world), '', 10)).toEqual(killed(world));
    world.monotonic += 1234;
    world.send({ type: 'stop' });
    expect(killed(world).candidate).toMatchObject({ attempts: 1, running: false });
    expect(world.disk.candidate?.elapsedMs).toBeGreaterThanOrEqual(1234);
  });

  it('ends the same way from every point at which it was killed', () => {
    for (let frames = 0; frames < 80; frames += 1) {
      const world = checking();
      world.frames(frames);
      const again = new World(killed(world)).boot();
      for (const activated of [first, second]) if (again.state.record.candidate !== null) again.ready(activated.deploymentId);
      again.frames(500);
      expect(again.disk.committed?.deploymentId).toBe(second.deploymentId);
      expect(again.disk.outcomes.map(({ outcome }) => outcome)).toEqual(['committed', 'committed']);
    }
  });

  it('gives up a candidate that has no attempt left, as not measured where its own process never ended', () => {
    const undisturbed = checking();
    expect(startedTooOften(undisturbed.disk)).toMatchObject({ outcome: 'rolled-back', reason: 'NotMeasured', health: { outcome: 'fail' } });
    const crashed = checking();
    crashed.lose(second.deploymentId);
    expect(startedTooOften(crashed.disk)).toMatchObject({ outcome: 'rolled-back', reason: 'Attempts', health: { outcome: 'fail' } });
  });

  const startedTooOften = (disk: ActivationRecord): ActivationRecord['outcomes'][number] | undefined => {
    let record = disk;
    for (let start = 1; start <= policy.maxAttempts; start += 1) {
      record = prepareStart(
        { ...record, candidate: record.candidate === null ? null : { ...record.candidate, running: true } },
        '2026-01-01T00:00:02.000Z',
        10,
      );
    }
    expect(record.candidate).toBeNull();
    return record.outcomes.at(-1);
  };
});

describe('any sequence of events', () => {
  const ids = [1, 2, 3, 4].map((index) => activation(index));
  const anyId = fc.constantFrom(...ids);
  const anyEvent: fc.Arbitrary<(world: World) => void> = fc.oneof(
    { weight: 2, arbitrary: anyId.map((one) => (world: World) => world.send({ type: 'activate', activation: one })) },
    { weight: 1, arbitrary: fc.constant((world: World) => world.send({ type: 'rollback' })) },
    {
      weight: 6,
      arbitrary: anyId.map((one) => (world: World) => (world.running.has(one.deploymentId) ? world.ready(one.deploymentId) : undefined)),
    },
    {
      weight: 2,
      arbitrary: anyId.map((one) => (world: World) => (world.running.has(one.deploymentId) ? world.lose(one.deploymentId) : undefined)),
    },
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 120 }).map((count) => (world: World) => world.frames(count)) },
    { weight: 1, arbitrary: fc.constant((world: World) => world.send({ type: 'tick' })) },
    {
      weight: 1,
      arbitrary: anyId.map((one) => (world: World) => {
        if (!world.running.delete(one.deploymentId)) return;
        world.send({
          type: 'engine-refused',
          deploymentId: one.deploymentId,
          error: { code: 'X', message: 'x', action: 'x', retryable: false },
        });
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constant((world: World) => {
        world.disk = prepareStart(world.disk, '2026-01-01T00:00:01.000Z', 10);
        world.state = initialState(world.disk);
        world.running.clear();
        world.boot();
      }),
    },
  );

  it('keeps the invariants', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
        const world = new World().boot();
        for (const play of events) {
          play(world);
          const { record, ready, trial } = world.state;
          // At most the committed engine and the candidate have processes.
          const known = [record.committed?.deploymentId, record.candidate?.activation.deploymentId];
          for (const id of world.running) expect(known).toContain(id);
          // Only engines that are ready are chosen, and a candidate is in a trial.
          for (const id of enginesFor(world.state)) expect(ready.has(id)).toBe(true);
          expect(trial === null).toBe(record.candidate === null);
          // An engine that was committed once is never left without a successor or itself.
          if (world.disk.outcomes.some(({ outcome }) => outcome === 'committed')) expect(record.committed).not.toBeNull();
          expect(record.candidate?.attempts ?? 1).toBeLessThanOrEqual(policy.maxAttempts);
          // The committed engine runs, or waits to be tried again.
          if (record.committed !== null && !world.state.refused.has(record.committed.deploymentId))
            expect(world.running.has(record.committed.deploymentId)).toBe(true);
          // The record is on disk before anything follows from it.
          expect(world.disk.committed?.deploymentId).toBe(record.committed?.deploymentId);
          expect(world.disk.candidate?.activation.deploymentId).toBe(record.candidate?.activation.deploymentId);
          expect(world.disk.outcomes.length).toBeLessThanOrEqual(20);
        }
      }),
      { numRuns: 300 },
    );
  });
});
