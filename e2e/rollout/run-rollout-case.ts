import type { RolloutDetail } from '@takt/contracts';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../fleet/host-stack.js';
import type { HostNode } from '../fleet/host-stack.js';
import { finishedBuilds, kill } from '../kill/run-case.js';
import { MOMENTS, Moment } from './rollout-cases.js';
import type { RolloutCase } from './rollout-cases.js';
import type { TwoNodeFleet } from './two-node-fleet.js';

/** How a rollout ends, whatever was killed on its way. */
export interface RolloutEnding {
  readonly phase: string;
  readonly counts: RolloutDetail['counts'];
  readonly waves: readonly string[];
  readonly gates: readonly string[];
  /** Deployments per node, moves and reverts, whichever node was the canary. */
  readonly deployments: readonly string[];
  readonly active: readonly string[];
  readonly finishedBuilds: number;
}

export interface RolloutCaseResult {
  readonly ending: RolloutEnding;
  /** One for each disturbance. */
  readonly kills: readonly RolloutKill[];
  readonly orphans: readonly string[];
  /** What the gates said, for the reader of a case that ended otherwise. */
  readonly words: string;
}

/** One SIGKILL as it went. */
export interface RolloutKill {
  readonly moment: Moment;
  readonly what: string;
  /** Phase and steps of the waves when it was killed. */
  readonly killedAt: string;
  /** Whether there was a process to kill. */
  readonly killed: boolean;
  /** Whether the moment was over when no process was found. */
  readonly missed: boolean;
}

/** How a rollout of a good and of a bad release ends when nothing is killed; `npm run prove` checks the table itself. */
export const ROLLOUT_ENDINGS = {
  good: {
    phase: 'succeeded',
    counts: { total: 2, succeeded: 2 },
    gates: ['successful by gate', 'successful by gate'],
    deployments: ['move committed', 'move committed'],
    active: ['the release', 'the release'],
    finishedBuilds: 2,
  },
  bad: {
    phase: 'rolled-back',
    counts: { total: 2, 'rolled-back': 1, excluded: 1 },
    gates: ['failed by gate'],
    deployments: ['', 'revert committed, move committed'],
    active: ['the one before', 'the one before'],
    finishedBuilds: 1,
  },
} as const;

/** Something that is killed at a moment of a rollout. */
export interface Disturbance {
  readonly moment: Moment;
  readonly what: string;
  /** False where there was nothing to kill. */
  readonly kill: (node: HostNode) => Promise<boolean>;
}

export const killing = (fleet: TwoNodeFleet, { moment, victim }: RolloutCase): Disturbance => ({
  moment,
  what: victim,
  kill: (node) => kill(fleet.stack, node, victim),
});

/** Whether the rollout is where a case wants it, or past it. */
function isAt(view: RolloutDetail, moment: Moment): boolean {
  const step = (index: number): string => view.waves[index]?.step ?? 'pending';
  const over = view.endedAt !== null;
  switch (moment) {
    case Moment.canaryMoving:
      return over || view.counts.working > 0 || step(0) !== 'pending';
    case Moment.canarySoaking:
    case Moment.badSoaking:
      return over || (step(0) !== 'pending' && step(0) !== 'moving');
    case Moment.waveMoving:
      return over || step(1) !== 'pending';
    case Moment.waveSoaking:
      return over || (step(1) !== 'pending' && step(1) !== 'moving');
    case Moment.rollingBack:
      return (
        over || view.phase === 'rolling-back' || view.members.some((member) => member.deployments.some((deployment) => deployment.revert))
      );
  }
}

/** Whether nodes are being moved at the moment of a case, which is when a worker runs. */
function isMoving(view: RolloutDetail, moment: Moment): boolean {
  const wave = moment === Moment.waveMoving ? 1 : 0;
  return view.endedAt === null && view.waves[wave]?.step === 'moving';
}

/** The node that the killed process serves: the one that is being moved or was moved last. */
function concerned(fleet: TwoNodeFleet, view: RolloutDetail): HostNode {
  const member =
    view.members.find((each) => each.bucket === 'working') ??
    view.members.filter((each) => each.deployments.length > 0).sort((a, b) => b.wave - a.wave)[0];
  const node = fleet.nodes.find((each) => each.id === member?.nodeId) ?? fleet.nodes[0];
  if (node === undefined) throw new Error('the fleet has no node');
  return node;
}

const MAX_RESUMES = 2;
/** More than ten times what a step of a rollout takes on a quiet host: only something that hangs waits for so long. */
const HANG_MS = 300_000;

/** One rollout to its end, with or without a SIGKILL on the way. */
export async function runRolloutCase(
  fleet: TwoNodeFleet,
  name: string,
  bad: boolean,
  disturbances: readonly Disturbance[],
): Promise<RolloutCaseResult> {
  const { api } = fleet.stack;
  const buildsOf = async (): Promise<string[]> =>
    (await Promise.all(fleet.nodes.map(async (node) => (await finishedBuilds(node)).map((build) => `${node.id}/${build}`)))).flat();
  const buildsBefore = new Set(await buildsOf());
  await fleet.createRelease(name, bad);
  const { name: ref } = await fleet.startRollout(name, bad);

  const explain = async (): Promise<string> => {
    const { reason, summary } = await api.call('explainRollout', { params: { ref } });
    return `${reason}: ${summary}`;
  };

  let resumed = 0;
  /** The rollout as it is. On a busy host a gate may end inconclusive and hold; it is resumed then, as an operator would. */
  const observe = async (): Promise<RolloutDetail> => {
    const view = await fleet.rollout(ref);
    if (view.hold?.code === 'GateInconclusive' && resumed < MAX_RESUMES) {
      resumed += 1;
      process.stdout.write(`  ${ref}: its gate was inconclusive and is resumed (${view.hold.message})\n`);
      await api.call('resumeRollout', { params: { ref }, body: { reason: 'a busy host' } });
    }
    return view;
  };

  const kills: RolloutKill[] = [];
  const inOrder = [...disturbances].sort((a, b) => MOMENTS.indexOf(a.moment) - MOMENTS.indexOf(b.moment));
  for (const disturbance of inOrder) {
    const seen = await eventually(
      `${ref}: ${disturbance.moment}`,
      async () => {
        const view = await observe();
        return isAt(view, disturbance.moment) ? view : undefined;
      },
      HANG_MS,
      80,
      explain,
    );
    const { moment, what } = disturbance;
    const killedAt = `${seen.phase}, ${seen.waves.map((wave) => wave.step).join('/')}`;
    const killed = await disturbance.kill(concerned(fleet, seen));
    kills.push({ moment, what, killedAt, killed, missed: !killed && !isMoving(await fleet.rollout(ref), moment) });
  }
  const ended = await eventually(
    `${ref} ending after ${kills.map(({ what, killedAt }) => `${what} was killed (${killedAt})`).join(', ') || 'nothing'}`,
    async () => {
      const view = await observe();
      return view.endedAt === null ? undefined : view;
    },
    HANG_MS,
    150,
    explain,
  );
  const slots = await eventually(
    `${ref}: the nodes settling`,
    async () => {
      // Jobs first: the end of one makes a new generation, which a look at the nodes before it would miss.
      const { jobs } = await api.call('status');
      const nodes = (await api.call('listNodes')).items;
      const { items } = await api.call('listSlots');
      const agree = items.every(
        (slot) => slot.serving?.deploymentId === slot.active?.deploymentId && slot.metrics?.runtimeReachable === true,
      );
      return agree &&
        jobs.queued + jobs.running === 0 &&
        nodes.every((node) => node.online && node.observedGeneration === node.desiredGeneration)
        ? items
        : undefined;
    },
    HANG_MS,
    150,
  );
  await sleep(200);
  const orphans = fleet.stack.orphans();
  const again = await fleet.rollout(ref);
  return {
    ending: {
      phase: again.phase === ended.phase ? ended.phase : `${ended.phase}, then ${again.phase}`,
      counts: again.counts,
      waves: again.waves.map((wave) => wave.step),
      gates: again.gates.map((gate) => `${gate.outcome} by ${String(gate.decidedBy)}`),
      deployments: again.members
        .map((member) => member.deployments.map((deployment) => `${deployment.revert ? 'revert' : 'move'} ${deployment.state}`).join(', '))
        .sort(),
      active: slots.map((slot) => (slot.active?.release === name ? 'the release' : 'the one before')).sort(),
      finishedBuilds: (await buildsOf()).filter((build) => !buildsBefore.has(build)).length,
    },
    kills,
    words: again.gates.map((gate) => `${gate.outcome}: ${gate.message}`).join(' | '),
    orphans: orphans.map((process) => `${String(process.pid)} ${process.command}`),
  };
}
