import { asId } from '@takt/kernel';
import type { DeploymentId, JobId, TaktErrorData } from '@takt/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedNode, hash, ref, slotWanted, wanting } from '../test/simulated-node.js';
import { keysOf } from './plan-inputs.js';
import { planSteps } from './plan-steps.js';
import { isEnded } from './progress.js';
import type { DeploymentStage } from './progress.js';
import type { Wanted } from './desired.js';
import type { Step } from './step.js';

const plan = (node: SimulatedNode, wanted: Wanted, now = 0): Step[] => planSteps(wanted, node.state(), now, hash);
const kinds = (steps: readonly Step[]): string[] =>
  steps.map((step) => (step.kind === 'report-deployment' ? `report ${step.state}` : step.kind));
const failure = (error: Partial<TaktErrorData>, count = 1, retryAt = 100): { error: TaktErrorData; count: number; retryAt: number } => ({
  error: { code: 'Broken', message: 'broken', action: 'mend it', retryable: true, ...error },
  count,
  retryAt,
});
const statesOf = (node: SimulatedNode, id: string): DeploymentStage[] =>
  node.reported.filter(([deploymentId]) => deploymentId === id).map(([, state]) => state);

/** Plans and carries out until nothing but waiting is left. */
function run(node: SimulatedNode, wanted: Wanted, rounds = 40): void {
  for (let round = 0; round < rounds; round += 1) {
    for (const step of plan(node, wanted)) node.do(step);
    node.runtimeMoves();
  }
}

describe('a first deployment', () => {
  it('goes through its states one after another', () => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    expect(kinds(plan(node, wanted))).toEqual(['fetch-artifact', 'report fetching', 'fetch-artifact', 'fetch-artifact']);
    run(node, wanted);
    expect(statesOf(node, 'd1')).toEqual(['fetching', 'building', 'activating', 'checking', 'committed']);
    expect(node.reportedJobs).toEqual([
      ['job-d1', 'running'],
      ['job-d1', 'succeeded'],
    ]);
    expect(plan(node, wanted)).toEqual([]);
  });

  it('waits until the box was probed', () => {
    const node = new SimulatedNode();
    node.fingerprint = null;
    expect(plan(node, wanting(slotWanted('d1'))).filter((step) => step.kind === 'wait')).toMatchObject([{ reason: 'HardwareUnknown' }]);
  });

  it('fetches calibration images only for a recipe that reads them itself', () => {
    const fetched = (change: object): string[] =>
      plan(new SimulatedNode(), wanting(slotWanted('d1', change))).flatMap((step) =>
        step.kind === 'fetch-artifact' ? [step.ref.fileName] : [],
      );
    expect(fetched({})).toEqual(['frames', 'model', 'golden']);
    expect(fetched({ recipes: ['int8-library-default'] })).toEqual(['frames', 'model', 'golden', 'calibration']);
  });

  it('waits for statistics that another node makes, then fetches them', () => {
    const node = new SimulatedNode();
    run(node, wanting(slotWanted('d1', { needsStatistics: true })));
    expect(statesOf(node, 'd1')).toEqual(['fetching', 'calibrating']);
    expect(node.reported.at(-1)?.[2]).toBe('WaitingForStatistics');
    expect(node.finishedBuilds).toBe(0);
    run(node, wanting(slotWanted('d1', { needsStatistics: true, statistics: ref('statistics') })));
    expect(statesOf(node, 'd1').slice(-4)).toEqual(['building', 'activating', 'checking', 'committed']);
  });

  it('reports activating and waits while no runtime answers', () => {
    const node = new SimulatedNode();
    node.runtime = null;
    run(node, wanting(slotWanted('d1')));
    expect(statesOf(node, 'd1').at(-1)).toBe('activating');
    expect(plan(node, wanting(slotWanted('d1'))).at(-1)).toMatchObject({ kind: 'wait', reason: 'RuntimeUnreachable' });
    expect(node.activations).toBe(0);
  });

  it('reports the check although the runtime ended it unseen', () => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    while (node.activations === 0) for (const step of plan(node, wanted)) node.do(step);
    for (let phase = 0; phase < 3; phase += 1) node.runtimeMoves();
    expect(kinds(plan(node, wanted))).toEqual(['report checking', 'report committed']);
  });
});

describe('failures', () => {
  const wanted = wanting(slotWanted('d1'));
  const key = `fetch:${ref('model').digest}`;

  it('waits until the next attempt is due, with the reason', () => {
    const node = new SimulatedNode();
    node.failures.set(key, failure({ code: 'DownloadInterrupted' }));
    expect(plan(node, wanted, 99).find((step) => step.kind === 'wait')).toMatchObject({ reason: 'DownloadInterrupted', until: 100 });
    expect(plan(node, wanted, 100).some((step) => step.key === key)).toBe(true);
  });

  it('fails the deployment when trying again will not help', () => {
    const node = new SimulatedNode();
    node.failures.set(key, failure({ code: 'DownloadRefused', retryable: false }));
    run(node, wanted);
    expect(statesOf(node, 'd1')).toEqual(['fetching', 'failed']);
  });

  it('asks again for a file that is not granted yet', () => {
    const node = new SimulatedNode();
    node.failures.set(key, failure({ code: 'ArtifactNotGranted', retryable: false }, 9));
    expect(plan(node, wanted, 99).some((step) => step.kind === 'wait' && step.reason === 'ArtifactNotGranted')).toBe(true);
    expect(plan(node, wanted, 100).some((step) => step.key === key)).toBe(true);
  });

  it("tries a line's source as long as the line is wanted", () => {
    const node = new SimulatedNode();
    const source = `fetch:${ref('frames').digest}`;
    node.failures.set(source, failure({ code: 'DownloadRefused', retryable: false }, 9));
    const waiting = plan(node, wanting(slotWanted(null)), 99);
    expect(kinds(waiting)).toEqual(['wait']);
    expect(keysOf(waiting).has(source)).toBe(true);
    expect(kinds(plan(node, wanting(slotWanted(null)), 100))).toEqual(['fetch-artifact']);
  });

  it('of a step are in the plan until its deployment has failed', () => {
    const node = new SimulatedNode();
    node.failures.set(key, failure({ code: 'DownloadInterrupted' }));
    expect(keysOf(plan(node, wanted, 99)).has(key)).toBe(true);
    node.failures.set(key, failure({ code: 'DownloadRefused', retryable: false }));
    run(node, wanted);
    expect(keysOf(plan(node, wanted)).has(key)).toBe(false);
  });

  it('tries wrong content three times before it blames the file', () => {
    const node = new SimulatedNode();
    node.failures.set(key, failure({ code: 'ArtifactDigestMismatch', retryable: false }, 2));
    expect(plan(node, wanted, 100).some((step) => step.key === key)).toBe(true);
    node.failures.set(key, failure({ code: 'ArtifactDigestMismatch', retryable: false }, 3));
    expect(kinds(plan(node, wanted))).toContain('report failed');
  });

  it('gives a build three attempts when the worker dies, and one when the model is wrong', () => {
    const node = new SimulatedNode();
    for (const name of ['model', 'golden', 'frames'] as const) node.artifacts.add(ref(name).digest);
    node.datasets.add(ref('golden').digest);
    const build = plan(node, wanted).find((step) => step.kind === 'build');
    if (build === undefined) throw new Error('expected a build');
    node.failures.set(build.key, failure({ code: 'WorkerDied' }, 2, 0));
    expect(plan(node, wanted).some((step) => step.kind === 'build')).toBe(true);
    node.failures.set(build.key, failure({ code: 'WorkerDied' }, 3, 0));
    expect(kinds(plan(node, wanted)).slice(-2)).toEqual(['report-job', 'report failed']);
    expect(plan(node, wanted).some((step) => step.kind === 'remember-failure')).toBe(false);
    node.failures.set(build.key, failure({ code: 'ModelInvalid', retryable: false }, 1, 0));
    expect(kinds(plan(node, wanted)).slice(-3)).toEqual(['report-job', 'remember-failure', 'report failed']);
  });
});

describe('a release that did not pass', () => {
  it('is refused when it comes again under another number, and only then', () => {
    const node = new SimulatedNode();
    node.outcome = 'rolled-back';
    run(node, wanting(slotWanted('d1')));
    expect(statesOf(node, 'd1').slice(-2)).toEqual(['checking', 'rolled-back']);
    run(node, wanting(slotWanted('d2')));
    expect(statesOf(node, 'd2')).toEqual(['failed']);
    expect(node.reported.at(-1)?.[2]).toBe('FailedContent');
    node.outcome = 'committed';
    run(node, wanting(slotWanted('d3', { accuracyBudgetPoints: 1 })));
    expect(statesOf(node, 'd3').at(-1)).toBe('committed');
    expect(node.finishedBuilds).toBe(2);
  });

  it('is refused whoever is to act on a breach, and taken where it is the way back', () => {
    const node = new SimulatedNode();
    node.outcome = 'rolled-back';
    run(node, wanting(slotWanted('d1', { health: { onPerformanceBreach: 'roll-back' } })));
    run(node, wanting(slotWanted('d2', { health: { onPerformanceBreach: 'report' } })));
    expect(node.reported.at(-1)?.[2]).toBe('FailedContent');
    node.outcome = 'committed';
    const slot = slotWanted('d3');
    run(node, wanting({ ...slot, deployment: slot.deployment === null ? null : { ...slot.deployment, revert: true } }));
    expect(statesOf(node, 'd3').at(-1)).toBe('committed');
    expect(node.finishedBuilds).toBe(1);
  });

  it('is not remembered when a person ended the check', () => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    while (node.activations === 0) for (const step of plan(node, wanted)) node.do(step);
    const outcome = {
      deploymentId: asId<DeploymentId>('d1'),
      outcome: 'rolled-back' as const,
      reason: 'OperatorRollback',
      message: '',
      health: null,
      error: null,
    };
    node.runtime = { servingDeploymentId: null, candidate: null, lineAssigned: true, outcomes: [outcome] };
    expect(kinds(plan(node, wanted))).toEqual(['report rolled-back']);
  });

  it.each([
    ['Superseded', null, false],
    ['NotMeasured', { candidate: { frames: 10 } }, false],
    ['Deadline', null, false],
    ['Deadline', { candidate: null, deliveredFps: null }, false],
    ['Attempts', { candidate: { frames: 0 } }, false],
    ['Attempts', { candidate: { frames: 12 } }, true],
    ['Deadline', { candidate: null, deliveredFps: 3 }, true],
    ['ServiceTimeP50', { candidate: { frames: 100 } }, true],
    ['ErrorRate', {}, true],
  ])('that ended with %s and health %j is remembered: %s', (reason, health, remembered) => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    while (node.activations === 0) for (const step of plan(node, wanted)) node.do(step);
    const ended = { deploymentId: asId<DeploymentId>('d1'), outcome: 'rolled-back' as const, reason, message: '', health, error: null };
    node.runtime = { servingDeploymentId: null, candidate: null, lineAssigned: true, outcomes: [ended] };
    expect(plan(node, wanted).some((step) => step.kind === 'remember-failure')).toBe(remembered);
  });

  it('is not remembered for an error that may pass', () => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    while (node.activations === 0) for (const step of plan(node, wanted)) node.do(step);
    const { error } = failure({ code: 'EngineCrashed', retryable: true });
    const ended = {
      deploymentId: asId<DeploymentId>('d1'),
      outcome: 'failed' as const,
      reason: error.code,
      message: '',
      health: null,
      error,
    };
    node.runtime = { servingDeploymentId: null, candidate: null, lineAssigned: true, outcomes: [ended] };
    expect(plan(node, wanted).some((step) => step.kind === 'remember-failure')).toBe(false);
  });

  it('counts as rolled back when it failed after it served', () => {
    const node = new SimulatedNode();
    node.outcome = 'failed';
    run(node, wanting(slotWanted('d1')));
    expect(statesOf(node, 'd1').slice(-2)).toEqual(['checking', 'rolled-back']);
  });
});

describe('what is wanted no more', () => {
  const open = (state: DeploymentStage): SimulatedNode => {
    const node = new SimulatedNode();
    node.deployments.set(asId<DeploymentId>('d1'), { slotId: slotWanted(null).slotId, state });
    return node;
  };

  it('is superseded by a newer one, cancelled without one', () => {
    expect(kinds(plan(open('building'), wanting(slotWanted('d2'))))[0]).toBe('report superseded');
    expect(kinds(plan(open('building'), wanting(slotWanted(null))))[0]).toBe('report cancelled');
    expect(kinds(plan(open('checking'), wanting(slotWanted(null))))[0]).toBe('report superseded');
    expect(kinds(plan(open('committed'), wanting(slotWanted('d2')))).filter((kind) => kind.startsWith('report s'))).toEqual([]);
  });
});

describe('calibration jobs', () => {
  const job = {
    jobId: asId<JobId>('j'),
    kind: 'calibrate' as const,
    model: ref('model'),
    calibration: ref('calibration'),
    sample: 10,
    seed: 0,
  };
  const wanted: Wanted = { generation: 1, slots: [], jobs: [job] };

  it('runs once and hands the file over', () => {
    const node = new SimulatedNode();
    run(node, wanted);
    expect(node.reportedJobs).toEqual([
      ['j', 'running'],
      ['j', 'succeeded'],
    ]);
    expect(plan(node, wanted)).toEqual([]);
  });

  it('reports the failure that will not mend', () => {
    const node = new SimulatedNode();
    node.failures.set(`fetch:${ref('model').digest}`, failure({ retryable: false }));
    run(node, wanted);
    expect(node.reportedJobs).toEqual([['j', 'failed']]);
  });
});

describe('a runtime that lost its folder', () => {
  it('gets the committed engine again, without any report', () => {
    const node = new SimulatedNode();
    const wanted = wanting(slotWanted('d1'));
    run(node, wanted);
    const reports = node.reported.length;
    node.runtime = { servingDeploymentId: null, candidate: null, outcomes: [], lineAssigned: false };
    run(node, wanted);
    expect(node.activations).toBe(2);
    expect(node.reported).toHaveLength(reports);
  });

  it('is left alone after a person took the engine away', () => {
    const node = new SimulatedNode();
    run(node, wanting(slotWanted('d1')));
    node.runtime = { servingDeploymentId: asId<DeploymentId>('d0'), candidate: null, outcomes: [], lineAssigned: true };
    expect(plan(node, wanting(slotWanted('d1')))).toEqual([]);
  });
});

describe('a build whose file is damaged', () => {
  const wanted = wanting(slotWanted('d1'));
  const d1 = asId<DeploymentId>('d1');

  /** Plans and carries out; whatever the runtime is offered, it finds the file damaged, and the agent's check removes the build. */
  function runWithBadDisk(node: SimulatedNode, reason: string, rounds = 40): void {
    for (let round = 0; round < rounds; round += 1) {
      for (const step of plan(node, wanted)) node.do(step);
      const { runtime } = node;
      if (runtime === null || runtime.candidate === null) continue;
      node.builds.clear();
      const error = { code: reason, message: 'damaged', action: 'none', retryable: false };
      const ended = { deploymentId: d1, outcome: 'failed', reason, message: 'damaged', health: null, error } as const;
      node.runtime = { ...runtime, candidate: null, outcomes: [...runtime.outcomes, ended] };
    }
  }

  it.each(['ArtifactDigestMismatch', 'ArtifactMissing'])('(%s) is built and offered again twice, then its deployment fails', (reason) => {
    const node = new SimulatedNode();
    runWithBadDisk(node, reason);
    expect(node.activations).toBe(3);
    expect(node.finishedBuilds).toBe(3);
    expect(statesOf(node, 'd1')).toEqual(['fetching', 'building', 'activating', 'failed']);
    expect(node.reported.at(-1)?.[2]).toBe(reason);
    // The disk is to blame, so another deployment of the same content may be tried.
    expect(node.failedContent.size).toBe(0);
    expect(plan(node, wanted)).toEqual([]);
  });

  it.each(['d0', null])('after its commit, while the line serves %s, is offered again twice, then held for a person', (serving) => {
    const node = new SimulatedNode();
    run(node, wanted);
    const reports = node.reported.length;
    node.builds.clear();
    const damage = {
      deploymentId: d1,
      outcome: 'rolled-back',
      reason: 'ArtifactDigestMismatch',
      message: '',
      health: null,
      error: null,
    } as const;
    node.runtime = {
      servingDeploymentId: serving === null ? null : asId<DeploymentId>(serving),
      candidate: null,
      outcomes: [...(node.runtime?.outcomes ?? []), damage],
      lineAssigned: true,
    };
    runWithBadDisk(node, 'ArtifactDigestMismatch');
    expect([node.activations, node.finishedBuilds]).toEqual([3, 3]);
    expect(node.reported).toHaveLength(reports);
    expect(plan(node, wanted)).toMatchObject([
      { kind: 'wait', reason: 'BuildDamaged', until: null, message: expect.stringContaining('check the disk') as string },
    ]);
  });
});

/** Allowed moves, written out again so that a slip in one place is seen by the other. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  pending: ['fetching', 'failed', 'superseded', 'cancelled'],
  fetching: ['calibrating', 'building', 'failed', 'superseded', 'cancelled'],
  calibrating: ['building', 'failed', 'superseded', 'cancelled'],
  building: ['activating', 'failed', 'superseded', 'cancelled'],
  activating: ['checking', 'rolled-back', 'failed', 'superseded'],
  checking: ['committed', 'rolled-back', 'superseded'],
};

describe('any order of events', () => {
  const event = fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('step' as const), at: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('runtime' as const), at: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), at: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wipe' as const), at: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), at: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('runtime-gone' as const), at: fc.nat(1) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('want' as const), at: fc.nat(3) }) },
  );

  it('never reports a move the table does not allow, ends every deployment once, and ends by itself', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 120 }),
        fc.constantFrom('committed' as const, 'rolled-back' as const, 'failed' as const),
        (events, outcome) => {
          const node = new SimulatedNode();
          node.outcome = outcome;
          const releases = [
            slotWanted('d1'),
            slotWanted('d2', { recipes: ['fp32', 'int8'] }),
            slotWanted('d3', { threads: 'sweep' }),
            slotWanted(null),
          ];
          let wanted = wanting(releases[0] as ReturnType<typeof slotWanted>);
          const asked = new Set(['d1']);
          for (const { kind, at } of events) {
            const steps = plan(node, wanted);
            const reports = steps.filter((step) => step.kind.startsWith('report') || step.kind === 'remember-failure');
            switch (kind) {
              case 'step': {
                // Reports are carried out in order; long steps end in any order.
                for (const step of reports) node.do(step);
                const others = steps.filter((step) => !reports.includes(step));
                if (others.length > 0) node.do(others[at % others.length] as Step);
                break;
              }
              case 'kill': {
                // Killed after some of the reports were on disk.
                for (const step of reports.slice(0, at)) node.do(step);
                node.killed();
                break;
              }
              case 'runtime':
                node.runtimeMoves();
                break;
              case 'runtime-gone':
                node.runtime =
                  node.runtime === null ? { servingDeploymentId: null, candidate: null, outcomes: [], lineAssigned: false } : null;
                break;
              case 'wipe':
                if (at === 0) node.builds.clear();
                else node.artifacts.clear();
                break;
              case 'fail': {
                const step = steps[at % Math.max(1, steps.length)];
                if (step !== undefined && !step.kind.startsWith('report'))
                  node.failures.set(step.key, failure({ retryable: at % 2 === 0 }, 1 + (at % 4), 0));
                break;
              }
              case 'want': {
                const next = releases[at] as ReturnType<typeof slotWanted>;
                const id = next.deployment?.deploymentId;
                // An ended deployment is named again only when it is the one that serves.
                if (
                  id !== undefined &&
                  asked.has(id) &&
                  isEnded(node.deployments.get(id)?.state ?? 'pending') &&
                  node.deployments.get(id)?.state !== 'committed'
                )
                  break;
                if (id !== undefined) asked.add(id);
                wanted = wanting(next);
                break;
              }
            }
          }
          node.runtime ??= { servingDeploymentId: null, candidate: null, outcomes: [], lineAssigned: false };
          node.killed();
          run(node, wanted);
          const last = new Map<DeploymentId, DeploymentStage>();
          for (const [id, state] of node.reported) {
            expect(NEXT[last.get(id) ?? 'pending'] ?? []).toContain(state);
            last.set(id, state);
          }
          const target = wanted.slots[0]?.deployment?.deploymentId;
          for (const [id, state] of last) if (id === target || state !== 'pending') expect(isEnded(state)).toBe(true);
          expect(plan(node, wanted).filter((step) => step.kind !== 'wait')).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
