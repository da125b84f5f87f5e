import { assessGate, lookAt } from '@takt/gates';
import type { GateReport, PeriodInterval, SlotFigures } from '@takt/gates';
import type { NodeId } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedFleet, report } from '../../test/simulated-fleet.js';
import type { NodeSpec } from '../../test/simulated-fleet.js';
import { transitionTableFaults } from '../check-table.js';
import { DeploymentState } from '../deployment-state.js';
import { countBuckets } from './accounting.js';
import { DEFAULT_ROLLOUT_POLICY } from './rollout-policy.js';
import { applyIntent } from './apply-intent.js';
import type { RolloutIntent } from './apply-intent.js';
import { wasMoved } from './member-bucket.js';
import { ROLLOUT_TRANSITIONS, hasEnded } from './rollout-state.js';
import type { MemberBucket, Rollout } from './rollout-state.js';
import { gateOf, isProfileOut, letPass, waveNodes } from './wave-questions.js';

const fleet = (count: number, change: Partial<NodeSpec> = {}): NodeSpec[] =>
  Array.from({ length: count }, (_, n) => ({ site: n % 3, line: n, profile: 'x64', online: true, ...change }));

const buckets = (rollout: Rollout): Partial<Record<MemberBucket, number>> =>
  Object.fromEntries(Object.entries(countBuckets(rollout.members)).filter(([key, count]) => key !== 'total' && count > 0));

const intent = (type: 'pause' | 'resume' | 'approve' | 'abort' | 'rollback'): RolloutIntent => ({ type, actor: 'ann', reason: 'because' });

function act(sim: SimulatedFleet, wanted: RolloutIntent): void {
  const step = applyIntent(sim.rollout, wanted, sim.now);
  if (!step.ok) throw new Error(step.error.message);
  sim.rollout = step.value.rollout;
  sim.events.push(...step.value.events);
}

describe('the phases of a rollout', () => {
  it('have a table in which everything can be reached and ends', () => {
    expect(transitionTableFaults(ROLLOUT_TRANSITIONS, 'running')).toEqual([]);
  });
});

describe('a rollout that goes well', () => {
  it('moves the canary, measures it, and only then the next wave, to the end', () => {
    const sim = new SimulatedFleet(fleet(8));
    sim.tick();
    expect(sim.commands).toHaveLength(1);
    sim.finishWork();
    sim.gates.set('x64', 'running');
    for (let n = 0; n < 20; n += 1) sim.tick();
    expect(sim.commands).toHaveLength(1);
    expect(sim.rollout.waves[0]?.step).toBe('soaking');
    sim.gates.set('x64', 'successful');
    sim.tick();
    sim.tick();
    expect(sim.commands).toHaveLength(2);
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    expect(buckets(sim.rollout)).toEqual({ succeeded: 8 });
    expect(sim.events.map((event) => event.code)).toEqual([
      'RolloutWaveStarted',
      'RolloutGateSuccessful',
      'RolloutWaveStarted',
      'RolloutGateSuccessful',
      'RolloutWaveStarted',
      'RolloutGateSuccessful',
      'RolloutSucceeded',
    ]);
  });

  it('moves no more nodes at a time than the budget, and one per line', () => {
    const sim = new SimulatedFleet(fleet(12, { line: 1 }), { maxConcurrent: 5, waves: [{ kind: 'percent', upTo: 100 }] });
    sim.tick();
    expect(buckets(sim.rollout)).toEqual({ working: 1, deferred: 11 });
    expect(sim.rollout.members.find((member) => member.bucket === 'deferred')?.reason).toBe('LineBudget');
    const free = new SimulatedFleet(fleet(12), { maxConcurrent: 5, waves: [{ kind: 'percent', upTo: 100 }] });
    free.tick();
    expect(buckets(free.rollout)).toEqual({ working: 5, pending: 7 });
  });

  it('waits for a person where the policy says so', () => {
    const sim = new SimulatedFleet(fleet(4), { approval: 'after-canary' });
    sim.settle();
    expect(sim.rollout).toMatchObject({ phase: 'awaiting-approval', hold: { code: 'ApprovalNeeded' } });
    expect(sim.commands).toHaveLength(1);
    act(sim, intent('approve'));
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    expect(sim.rollout.waves[0]?.approvedBy).toBe('ann');
  });
});

describe('nodes that are away', () => {
  it('take no place, hold nothing up, and catch up with a profile that was proved', () => {
    const specs = fleet(6);
    const sim = new SimulatedFleet(specs.map((spec, n) => ({ ...spec, online: n > 2 })));
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    expect(buckets(sim.rollout)).toEqual({ succeeded: 3, offline: 3 });
    for (const node of sim.nodes) node.online = true;
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 6 });
  });

  it('are not moved after the end where no gate has proved their profile', () => {
    const sim = new SimulatedFleet([...fleet(3), { site: 0, line: 9, profile: 'arm', online: false }]);
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    for (const node of sim.nodes) node.online = true;
    sim.settle();
    expect(sim.rollout.members.find((member) => member.profile === 'arm')).toMatchObject({
      bucket: 'deferred',
      reason: 'ProfileNotProved',
    });
  });

  it('that went away in the middle of a move are offline, not failed, and the wave goes on', () => {
    const sim = new SimulatedFleet(fleet(3), { waves: [{ kind: 'percent', upTo: 100 }] });
    sim.tick();
    const [first] = sim.nodes;
    if (first !== undefined) first.online = false;
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 2, offline: 1 });
    expect(sim.rollout.phase).toBe('succeeded');
  });

  it('do not stop the canary: another node of the profile takes its place', () => {
    const sim = new SimulatedFleet(fleet(4));
    const canary = sim.rollout.members.find((member) => member.wave === 0);
    if (canary !== undefined) sim.node(canary.nodeId).online = false;
    sim.tick();
    expect(sim.commands).toHaveLength(1);
    expect(sim.commands[0]?.nodeId).not.toBe(canary?.nodeId);
  });

  it('hold a rollout whose canary nobody can reach, once its deadline has passed', () => {
    const sim = new SimulatedFleet(fleet(3, { online: false }));
    sim.settle(20, undefined, sim.rollout.policy.waveDeadlineSeconds + 1);
    expect(sim.rollout).toMatchObject({ phase: 'held', hold: { code: 'NobodyReachable' } });
  });
});

describe('nodes that something stands in the way of', () => {
  it('are deferred with the reason, and hold a canary that nobody could be moved in', () => {
    const sim = new SimulatedFleet(fleet(2));
    for (const node of sim.nodes) node.blocked = true;
    sim.tick();
    expect(sim.rollout.members[0]).toMatchObject({ bucket: 'deferred', reason: 'DeploymentInProgress' });
    sim.settle(20, undefined, sim.rollout.policy.waveDeadlineSeconds + 1);
    expect(sim.rollout).toMatchObject({ phase: 'held', hold: { code: 'NobodyMoved' } });
    for (const node of sim.nodes) node.blocked = false;
    act(sim, intent('resume'));
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
  });

  it('do not hold up a later wave past its deadline, and catch up', () => {
    const sim = new SimulatedFleet(fleet(3));
    const late = sim.rollout.members.find((member) => member.wave > 0);
    if (late !== undefined) sim.node(late.nodeId).blocked = true;
    sim.settle(50, undefined, sim.rollout.policy.waveDeadlineSeconds + 1);
    expect(sim.rollout.phase).toBe('succeeded');
    expect(buckets(sim.rollout)).toEqual({ succeeded: 2, deferred: 1 });
    for (const node of sim.nodes) node.blocked = false;
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 3 });
  });
});

describe('a deployment that somebody makes on a node', () => {
  it('takes the node out of a rollout that has not moved it yet, also after the end', () => {
    const specs = fleet(4);
    const sim = new SimulatedFleet(specs.map((spec, n) => ({ ...spec, online: n > 0 })));
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 3, offline: 1 });
    const away = sim.nodes[0];
    if (away === undefined) throw new Error('no node');
    away.takenOver = true;
    away.online = true;
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 3, superseded: 1 });
    expect(sim.commands).toHaveLength(3);
  });
});

describe('going back', () => {
  it('concerns nodes that failed in part, and those that went back by themselves not at all', () => {
    const gate = { ...DEFAULT_ROLLOUT_POLICY.gate, maxFailedShare: 1 };
    const sim = new SimulatedFleet(fleet(3), { gate });
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    const [first, second] = sim.nodes;
    if (first === undefined || second === undefined) throw new Error('no node');
    first.move = 'rolled-back';
    // One of its two slots has the release, the other went back.
    second.otherMove = 'rolled-back';
    sim.settle();
    act(sim, intent('rollback'));
    sim.settle();
    const reverted = sim.commands.filter((command) => command.type === 'revert').map((command) => command.nodeId);
    expect(reverted).not.toContain(first.id);
    expect(reverted).toContain(second.id);
    expect(sim.rollout.phase).toBe('rolled-back');
  });

  it('leaves a node that has nothing to go back to, says so, and ends', () => {
    const sim = new SimulatedFleet(fleet(2));
    for (const node of sim.nodes) node.canGoBack = false;
    sim.gates.set('x64', 'failed');
    sim.settle();
    expect(sim.rollout.members.find((member) => member.bucket === 'failed')?.reason).toBe('NothingToGoBackTo');
    expect(sim.rollout.phase).toBe('partial');
  });
});

describe('a node that could not go back', () => {
  const stuck = (): SimulatedFleet => {
    const sim = new SimulatedFleet(fleet(3));
    sim.settle();
    act(sim, intent('rollback'));
    return sim;
  };
  const buildFails = (sim: SimulatedFleet): void => {
    sim.tick();
    const [first] = sim.nodes;
    if (first !== undefined) first.revert = 'failed';
    sim.settle();
  };

  it('tries again when an operator asks for it once more', () => {
    const sim = stuck();
    buildFails(sim);
    expect(sim.rollout.phase).toBe('partial');
    expect(sim.rollout.members.find((member) => member.bucket === 'failed')?.reason).toBe('RevertFailed');
    act(sim, intent('rollback'));
    sim.settle();
    expect(sim.rollout.phase).toBe('rolled-back');
    expect(sim.commands.filter((command) => command.type === 'revert')).toHaveLength(4);
  });

  it('does not keep the rollout from its end for longer than a wave may take', () => {
    const sim = stuck();
    sim.tick();
    const [first] = sim.nodes;
    for (const node of sim.nodes.slice(1)) node.revert = 'committed';
    expect(first?.revert).toBe('pending');
    sim.tick();
    expect(sim.rollout.phase).toBe('rolling-back');
    sim.tick(sim.rollout.policy.waveDeadlineSeconds);
    expect(sim.rollout.phase).toBe('partial');
    expect(sim.rollout.members.find((member) => member.bucket === 'failed')?.reason).toBe('RevertOverdue');
    // It arrives after all.
    if (first !== undefined) first.revert = 'committed';
    sim.tick();
    expect(sim.rollout.phase).toBe('rolled-back');
    expect(buckets(sim.rollout)).toEqual({ 'rolled-back': 3 });
  });

  it('stays on the release with a slot that has none from before, and says so', () => {
    const sim = stuck();
    const [first] = sim.nodes;
    if (first !== undefined) first.staysOn = true;
    sim.settle();
    expect(sim.rollout.members.find((member) => member.nodeId === first?.id)).toMatchObject({
      bucket: 'failed',
      reason: 'NothingToGoBackTo',
    });
    expect(sim.rollout.phase).toBe('partial');
  });
});

describe('nodes that are away when their rollout goes back', () => {
  it('are not waited for, and go back within the budget when their site returns', () => {
    const sim = new SimulatedFleet(fleet(6), { maxConcurrent: 2 });
    sim.settle();
    for (const node of sim.nodes.slice(1)) node.online = false;
    act(sim, intent('rollback'));
    sim.settle();
    expect(sim.rollout.phase).toBe('partial');
    expect(buckets(sim.rollout)).toEqual({ 'rolled-back': 1, offline: 5 });
    expect(sim.commands.filter((command) => command.type === 'revert')).toHaveLength(1);
    for (const node of sim.nodes) node.online = true;
    sim.tick();
    expect(buckets(sim.rollout).working).toBe(2);
    sim.settle();
    expect(buckets(sim.rollout)).toEqual({ 'rolled-back': 6 });
    expect(sim.rollout.phase).toBe('rolled-back');
  });

  it('are stopped at once where they were still on their way to the release', () => {
    const sim = new SimulatedFleet(fleet(2), { waves: [{ kind: 'percent', upTo: 100 }] });
    sim.tick();
    const [first] = sim.nodes;
    if (first !== undefined) first.online = false;
    act(sim, intent('rollback'));
    sim.tick();
    expect(sim.commands.filter((command) => command.type === 'revert').map((command) => command.nodeId)).toContain(first?.id);
  });
});

describe('a profile whose canary failed', () => {
  it('says why its other nodes wait where the policy only holds', () => {
    const sim = new SimulatedFleet(fleet(3), {
      waves: [{ kind: 'percent', upTo: 100 }],
      maxConcurrent: 1,
      onGate: { failed: 'hold', inconclusive: 'hold', error: 'hold' },
    });
    sim.gates.set('x64', 'failed');
    sim.tick();
    sim.finishWork(() => 'failed');
    sim.tick();
    expect(sim.rollout.members.filter((member) => member.reason === 'ProfileFailing')).toHaveLength(2);
  });
});

describe('a gate that is really measured', () => {
  const gate = { ...DEFAULT_ROLLOUT_POLICY.gate, minIntervals: 6, minFrames: 60 };
  const times = { gate, soakSeconds: 60, maxSoakSeconds: 120 };
  const interval = (index: number): PeriodInterval => ({
    lagSeconds: (11.5 - index) * 5,
    seconds: 5,
    delivered: 100,
    dropped: 0,
    errors: 0,
    serviceTime: [
      [60, 50],
      [61, 50],
    ],
  });

  /** Measures with the product's own gate, on figures of an equal engine, or on none. */
  function measureBy(sim: SimulatedFleet, hasFigures: boolean): void {
    const figuresOf = (nodeId: string): SlotFigures => ({
      slotId: `slot of ${nodeId}`,
      nodeId,
      requiredFps: 20,
      before: Array.from({ length: 12 }, (_, index) => interval(index)),
      after: Array.from({ length: hasFigures ? 12 : 0 }, (_, index) => interval(index)),
    });
    sim.measure = (profile): GateReport => {
      const { rollout } = sim;
      const since = rollout.waves[rollout.currentWave]?.soakingSince ?? sim.now;
      const kept = rollout.members.filter((member) => member.wave === rollout.currentWave && member.bucket === 'succeeded');
      return assessGate({
        policy: gate,
        canary: rollout.currentWave === 0,
        updated: kept.map((member) => figuresOf(member.nodeId)),
        controls: [],
        nodes: waveNodes(rollout, profile),
        look: lookAt(rollout.policy, gate.confidence, (sim.now - since) / 1000, () => hasFigures),
        seed: 1,
      });
    };
  }

  it('passes although nodes of its wave are away', () => {
    const sim = new SimulatedFleet(fleet(6), { ...times, waves: [{ kind: 'nodes', perProfile: 3 }] });
    measureBy(sim, true);
    const canary = sim.rollout.members.find((member) => member.wave === 0);
    if (canary !== undefined) sim.node(canary.nodeId).online = false;
    sim.settle(50, undefined, 60);
    expect(gateOf(sim.rollout, 'x64', 0)?.report).toMatchObject({ outcome: 'successful', nodes: { attempted: 2, measured: 2 } });
    expect(buckets(sim.rollout)).toEqual({ succeeded: 5, offline: 1 });
  });

  it('holds where the nodes send no figures', () => {
    const sim = new SimulatedFleet(fleet(3), times);
    measureBy(sim, false);
    sim.settle(50, undefined, 60);
    expect(sim.rollout).toMatchObject({ phase: 'held', hold: { code: 'GateNotMeasured' } });
  });
});

describe('a failed gate', () => {
  it('takes back the moved nodes of its profile and leaves the others of it alone', () => {
    const sim = new SimulatedFleet([...fleet(3), ...fleet(3, { profile: 'arm' }).map((spec, n) => ({ ...spec, line: 10 + n }))]);
    sim.gates.set('arm', 'failed');
    sim.settle();
    expect(sim.rollout.phase).toBe('partial');
    expect(buckets(sim.rollout)).toEqual({ succeeded: 3, 'rolled-back': 1, excluded: 2 });
    expect(sim.commands.filter((command) => command.type === 'revert')).toHaveLength(1);
    expect(sim.rollout.members.filter((member) => member.reason === 'ProfileGateFailed')).toHaveLength(2);
  });

  it('ends as rolled back where no node keeps the release', () => {
    const sim = new SimulatedFleet(fleet(5));
    sim.gates.set('x64', 'failed');
    sim.settle();
    expect(sim.rollout.phase).toBe('rolled-back');
    expect(buckets(sim.rollout)).toEqual({ 'rolled-back': 1, excluded: 4 });
  });

  it('needs no soak where the canary went back by itself', () => {
    const sim = new SimulatedFleet(fleet(5));
    sim.gates.set('x64', 'failed');
    sim.tick();
    sim.finishWork(() => 'rolled-back');
    for (let look = 0; look < 3; look += 1) sim.tick();
    expect(sim.rollout.phase).toBe('rolled-back');
    expect(sim.commands).toHaveLength(1);
  });

  it('only holds where the policy says so, and a person decides', () => {
    const policy = { onGate: { failed: 'hold', inconclusive: 'hold', error: 'hold' } } as const;
    const sim = new SimulatedFleet(fleet(3), policy);
    sim.gates.set('x64', 'failed');
    sim.settle();
    expect(sim.rollout).toMatchObject({ phase: 'held', hold: { code: 'GateFailed' } });
    act(sim, intent('rollback'));
    sim.settle();
    expect(sim.rollout.phase).toBe('rolled-back');
  });
});

describe('a gate that cannot tell', () => {
  it.each(['inconclusive', 'error'] as const)('holds on %s; approve lets it pass by name, resume measures again', (outcome) => {
    const sim = new SimulatedFleet(fleet(3));
    sim.gates.set('x64', outcome);
    sim.settle();
    expect(sim.rollout.phase).toBe('held');
    act(sim, intent('resume'));
    expect(sim.rollout.waves[0]?.soakingSince).toBe(sim.now);
    const { measure } = sim;
    sim.measure = (): GateReport => ({ ...report(outcome), message: 'measured anew' });
    sim.settle();
    sim.measure = measure;
    expect(gateOf(sim.rollout, 'x64', 0)?.startedAt).toBeGreaterThanOrEqual(sim.rollout.waves[0]?.soakingSince ?? Infinity);
    expect(sim.rollout.phase).toBe('held');
    act(sim, intent('approve'));
    expect(gateOf(sim.rollout, 'x64', 0)).toMatchObject({ decidedBy: 'ann', report: { outcome } });
    sim.gates.set('x64', 'successful');
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
  });
});

describe('an approval', () => {
  it('lets no gate pass that is still being measured', () => {
    const sim = new SimulatedFleet([...fleet(2), ...fleet(2, { profile: 'arm' }).map((spec, n) => ({ ...spec, line: 10 + n }))]);
    sim.gates.set('arm', 'running');
    sim.gates.set('x64', 'inconclusive');
    sim.settle();
    expect(sim.rollout.phase).toBe('held');
    act(sim, intent('approve'));
    expect(gateOf(sim.rollout, 'x64', 0)?.decidedBy).toBe('ann');
    expect(gateOf(sim.rollout, 'arm', 0)?.decidedAt ?? null).toBeNull();
    sim.settle();
    expect(sim.commands).toHaveLength(2);
  });
});

describe('intents', () => {
  it('pause lets running moves end and begins no other', () => {
    const sim = new SimulatedFleet(fleet(4));
    sim.tick();
    act(sim, intent('pause'));
    sim.settle();
    expect(sim.commands).toHaveLength(1);
    expect(buckets(sim.rollout)).toEqual({ succeeded: 1, pending: 3 });
    act(sim, intent('resume'));
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
  });

  it('abort leaves nodes as they are', () => {
    const sim = new SimulatedFleet(fleet(4));
    sim.tick();
    act(sim, intent('abort'));
    sim.settle();
    expect(sim.rollout.phase).toBe('aborted');
    expect(sim.commands.every((command) => command.type === 'move')).toBe(true);
    expect(sim.rollout.members.filter((member) => member.reason === 'RolloutAborted')).toHaveLength(3);
  });

  it('rollback takes back what was moved, in the budget, also after the end', () => {
    const sim = new SimulatedFleet(fleet(6), { maxConcurrent: 2 });
    sim.settle();
    expect(sim.rollout.phase).toBe('succeeded');
    act(sim, intent('rollback'));
    sim.tick();
    expect(buckets(sim.rollout)).toEqual({ succeeded: 4, working: 2 });
    sim.settle();
    expect(sim.rollout.phase).toBe('rolled-back');
    expect(buckets(sim.rollout)).toEqual({ 'rolled-back': 6 });
  });

  it('are refused where the phase does not allow them', () => {
    const sim = new SimulatedFleet(fleet(2));
    expect(applyIntent(sim.rollout, intent('resume'), 0)).toMatchObject({ ok: false, error: { code: 'IntentNotAllowed' } });
    sim.settle();
    expect(applyIntent(sim.rollout, intent('pause'), 0)).toMatchObject({ ok: false, error: { code: 'RolloutEnded' } });
  });

  it('a policy that switches local rollback off leaves a record with actor and reason', () => {
    const sim = new SimulatedFleet(fleet(2));
    const policy = { ...sim.rollout.policy, localRollback: { onPerformanceBreach: 'report', reason: 'trial' } } as const;
    act(sim, { type: 'policy', actor: 'ann', reason: 'trial', policy });
    expect(sim.events.at(-1)).toMatchObject({ code: 'LocalRollbackSwitchedOff', data: { actor: 'ann', reason: 'trial' } });
  });
});

describe('whatever happens', () => {
  const spec = fc.record({
    site: fc.integer({ min: 0, max: 2 }),
    line: fc.integer({ min: 0, max: 9 }),
    profile: fc.constantFrom('x64', 'arm'),
    online: fc.boolean(),
    excluded: fc.boolean().map((value) => value),
  });
  const event = fc.oneof(
    { weight: 8, arbitrary: fc.constant({ type: 'tick' } as const) },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('advance' as const),
        node: fc.nat(19),
        to: fc.constantFrom(...Object.values(DeploymentState)),
      }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('flip' as const), node: fc.nat(19) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('block' as const), node: fc.nat(19) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('take over' as const), node: fc.nat(19) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('gate' as const),
        profile: fc.constantFrom('x64', 'arm'),
        outcome: fc.constantFrom('running' as const, 'successful' as const, 'failed' as const, 'inconclusive' as const, 'error' as const),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('intent' as const),
        intent: fc.constantFrom('pause', 'resume', 'approve', 'abort', 'rollback' as const),
      }),
    },
  );

  it('each node is in one bucket, budgets hold, nobody is moved twice, and no wave begins before the gates before it', () => {
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 20, size: 'max' }),
        fc.array(event, { maxLength: 120, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        (specs, events, maxConcurrent, maxPerLine) => {
          const sim = new SimulatedFleet(specs, { maxConcurrent, maxPerLine });
          let rollbacks = 0;
          for (const next of events) {
            const before = sim.rollout;
            if (next.type === 'tick') checkTick(sim, before);
            else if (next.type === 'gate') sim.gates.set(next.profile, next.outcome);
            else if (next.type === 'intent') {
              const step = applyIntent(sim.rollout, intent(next.intent), sim.now);
              if (step.ok) sim.rollout = step.value.rollout;
              if (step.ok && next.intent === 'rollback') rollbacks += 1;
            } else {
              const node = sim.nodes[next.node % sim.nodes.length];
              if (node === undefined) continue;
              if (next.type === 'advance') sim.advance(node, next.to);
              else if (next.type === 'flip') node.online = !node.online;
              else if (next.type === 'block') node.blocked = !node.blocked;
              else node.takenOver = node.move !== null;
            }
            if (before.phase !== sim.rollout.phase) expect(ROLLOUT_TRANSITIONS[before.phase]).toContain(sim.rollout.phase);
          }
          for (const type of ['move', 'revert'] as const) {
            const nodes = sim.commands.filter((command) => command.type === type).map((command) => command.nodeId);
            // A node goes back once, and once more each time that an operator asks for it.
            const most = type === 'move' ? 1 : 1 + rollbacks;
            for (const node of new Set(nodes)) expect(nodes.filter((other) => other === node).length).toBeLessThanOrEqual(most);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('it ends, or waits for a person, once the fleet is calm', () => {
    fc.assert(
      fc.property(
        fc.array(spec, { minLength: 1, maxLength: 16, size: 'max' }),
        fc.array(event, { maxLength: 80, size: 'max' }),
        (specs, events) => {
          const sim = new SimulatedFleet(specs);
          for (const next of events) {
            if (next.type === 'tick') sim.tick();
            else if (next.type === 'gate') sim.gates.set(next.profile, next.outcome === 'running' ? 'successful' : next.outcome);
            else if (next.type === 'intent') {
              const step = applyIntent(sim.rollout, intent(next.intent), sim.now);
              if (step.ok) sim.rollout = step.value.rollout;
            } else {
              const node = sim.nodes[next.node % sim.nodes.length];
              if (node !== undefined && next.type === 'advance') sim.advance(node, next.to);
              else if (node !== undefined && next.type === 'flip') node.online = !node.online;
            }
          }
          for (const node of sim.nodes) node.online = true;
          sim.settle(200, undefined, sim.rollout.policy.waveDeadlineSeconds + 1);
          expect(hasEnded(sim.rollout.phase) || ['held', 'paused', 'awaiting-approval'].includes(sim.rollout.phase)).toBe(true);
          if (hasEnded(sim.rollout.phase)) expect(buckets(sim.rollout).working).toBeUndefined();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

function checkTick(sim: SimulatedFleet, before: Rollout): void {
  const working = (rollout: Rollout): number => rollout.members.filter((member) => member.bucket === 'working').length;
  const commands = sim.tick();
  const after = sim.rollout;
  expect(Object.entries(countBuckets(after.members)).reduce((sum, [key, count]) => sum + (key === 'total' ? 0 : count), 0)).toBe(
    after.members.length,
  );
  // One that is taken back in the middle of its move holds its place already, or is away and swaps nothing.
  const standing = new Map(before.members.map((member) => [member.nodeId, member.bucket]));
  const holdsPlace = (nodeId: NodeId): boolean => ['working', 'offline'].includes(standing.get(nodeId) ?? '');
  const began = commands.filter((command) => command.type === 'move' || !holdsPlace(command.nodeId)).length;
  if (began > 0) expect(working(after)).toBeLessThanOrEqual(after.policy.maxConcurrent);
  for (const line of new Set(after.members.flatMap((member) => member.lineIds))) {
    const started = commands.filter((command) =>
      after.members.some((member) => member.nodeId === command.nodeId && member.lineIds.includes(line)),
    );
    if (started.some((command) => command.type === 'move')) {
      const busy = after.members.filter((member) => member.bucket === 'working' && member.lineIds.includes(line)).length;
      expect(busy).toBeLessThanOrEqual(after.policy.maxPerLine);
    }
  }
  // A wave begins only when each profile moved in an earlier wave was let pass there, or is out.
  if (after.currentWave > before.currentWave) {
    for (const member of after.members.filter((each) => wasMoved(each) && each.wave < after.currentWave)) {
      const gate = gateOf(after, member.profile, member.wave);
      const decided = gate !== undefined && (letPass(gate) || isProfileOut(after, member.profile));
      const cancelled = (after.waves.find((wave) => wave.index === member.wave)?.approvedBy ?? null) !== null;
      expect(decided || cancelled || member.bucket === 'superseded').toBe(true);
    }
  }
}
