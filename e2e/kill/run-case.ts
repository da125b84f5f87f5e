import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentDetail } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import { DeploymentState, isTerminal } from '@takt/rollout';
import type { HostNode, HostStack } from '../fleet/host-stack.js';
import { eventually } from '../fleet/host-stack.js';
import { descendantsOf } from '../fleet/processes.js';
import { Scenario, Victim } from './kill-cases.js';
import { deploy, prepareRelease } from './scenarios.js';

/** How a story ends, whatever was killed on its way. */
export interface Ending {
  readonly state: DeploymentState;
  /** What the node says it serves. A build keeps what is fastest as it measures, so two of them need not give the same bytes. */
  readonly serving: 'what the case built' | 'what was there before' | 'something else' | 'nothing';
  /** Digests of the statistics files that the node is to build from: cases calibrate on the same images. */
  readonly statistics: readonly string[];
  /** How far the case moved the node's desired generation. */
  readonly generations: number;
  /** Builds that the node finished for the case. */
  readonly finishedBuilds: number;
  readonly buildJob: string;
}

/** One SIGKILL as it went. */
export interface Kill extends Disturbance {
  /** State that the control plane showed when the victim was killed: the one aimed at, or one past it. */
  readonly killedIn: DeploymentState;
  /** Whether there was a process to kill. */
  readonly killed: boolean;
}

export interface StoryResult {
  readonly ending: Ending;
  /** One for each disturbance. */
  readonly kills: readonly Kill[];
  /** Digests of the statistics in the node's desired state before the story. */
  readonly statisticsBefore: readonly string[];
  readonly orphans: readonly string[];
}

export interface Disturbance {
  readonly victim: Victim;
  readonly state: DeploymentState;
}

/** Time between two polls of what is only waited for; a poll costs the control plane some of the two cores. */
const POLL_MS = 150;
/** The same where a state is waited for that may be short. */
const STATE_POLL_MS = 30;
/** More than ten times what a story takes on a quiet host: only something that hangs waits for so long. */
const HANG_MS = 240_000;
/** A worker runs in two states only, and these may be over before it is found. */
const WORKER_LOOK_MS = 2_000;
const ORDER = Object.values(DeploymentState);
const reached = (state: DeploymentState, wanted: DeploymentState): boolean =>
  isTerminal(state) || ORDER.indexOf(state) >= ORDER.indexOf(wanted);

export const finishedBuilds = async (node: HostNode): Promise<string[]> => {
  const folders = await readdir(join(node.dataDir, 'builds')).catch((): string[] => []);
  const finished: string[] = [];
  for (const folder of folders.sort()) {
    const files = await readdir(join(node.dataDir, 'builds', folder)).catch((): string[] => []);
    if (files.includes('build.json')) finished.push(folder);
  }
  return finished;
};

/** Digest of the artifact that a finished build keeps. */
async function artifactOf(node: HostNode, folder: string): Promise<string> {
  const result = JSON.parse(await readFile(join(node.dataDir, 'builds', folder, 'build.json'), 'utf8')) as { plan: { artifact: string } };
  return result.plan.artifact;
}

function servingOf(artifact: string | null, built: readonly string[], before: string | null): Ending['serving'] {
  if (artifact === null) return 'nothing';
  if (built.includes(artifact)) return 'what the case built';
  return artifact === before ? 'what was there before' : 'something else';
}

/** Digests of the statistics in the node's desired state. */
async function wantedStatistics(node: HostNode): Promise<string[]> {
  const text = await readFile(join(node.dataDir, 'agent', 'desired.json'), 'utf8');
  return [...text.matchAll(/"statistics":\s*\{[^}]*"digest":\s*"(sha256:[0-9a-f]{64})"/g)].map(([, digest = '']) => digest).sort();
}

/** Kills one process with SIGKILL and sees to its restart where nobody else does. False where there is none to kill. */
export async function kill(stack: HostStack, node: HostNode, victim: Victim): Promise<boolean> {
  /** A child may be just about to start, or wait to be started again after its last end: it is looked for a little while. */
  const child = async (unit: string, words: RegExp, lookMs: number): Promise<boolean> => {
    for (const since = performance.now(); performance.now() - since < lookMs;) {
      const parent = stack.supervisor.pid(unit);
      const found = parent === undefined ? [] : descendantsOf(parent).filter((process) => words.test(process.command));
      const last = found.at(-1);
      if (last !== undefined) {
        process.kill(last.pid, 'SIGKILL');
        return true;
      }
      await sleep(50);
    }
    return false;
  };
  const main = (unit: string): boolean => {
    if (stack.supervisor.pid(unit) === undefined) return false;
    stack.supervisor.kill(unit, 'SIGKILL');
    return true;
  };
  switch (victim) {
    case Victim.controlPlane:
      return main('takt-control-plane');
    case Victim.agent:
      return main(node.agentUnit);
    case Victim.runtime:
      return main(node.runtimeUnit);
    case Victim.engineHost:
      return child(node.runtimeUnit, /runtime\/dist\/host\//, HANG_MS);
    case Victim.worker:
      return child(node.agentUnit, /takt-worker|worker\/dist\//, WORKER_LOOK_MS);
    case Victim.nats:
      await stack.killNats({ wipe: false });
      return true;
    case Victim.natsWiped:
      await stack.killNats({ wipe: true });
      return true;
  }
}

const detail = (stack: HostStack, id: DeploymentId): Promise<DeploymentDetail> => stack.api.call('getDeployment', { params: { id } });

/** What the story needs an operator to do, while the deployment's statistics are being made. */
async function intervene(stack: HostStack, scenario: Scenario, id: DeploymentId, release: string): Promise<DeploymentId | undefined> {
  if (scenario === Scenario.cancel) {
    await stack.api.call('cancelDeployment', { params: { id } });
    return undefined;
  }
  if (scenario === Scenario.supersede) {
    await prepareRelease(stack.api, Scenario.commit, `${release}-next`);
    return (await deploy(stack.api, `${release}-next`)).id;
  }
  return undefined;
}

/** Runs one scenario on the node, with or without a SIGKILL on the way, and says how it ended. */
export async function runStory(
  stack: HostStack,
  node: HostNode,
  scenario: Scenario,
  name: string,
  disturbances: readonly Disturbance[],
): Promise<StoryResult> {
  const { api } = stack;
  const before = await api.call('getNode', { params: { ref: node.id } });
  const buildsBefore = await finishedBuilds(node);
  const statisticsBefore = await wantedStatistics(node);
  const slotBefore = (await api.call('listSlots')).items.find((slot) => slot.node.id === node.id);
  const servedBefore = slotBefore?.serving?.plan?.artifact ?? null;
  await prepareRelease(api, scenario, name);
  const { id } = await deploy(api, name);

  const kills: Kill[] = [];
  let killedAt = 0;
  const disturb = async ({ victim, state: wanted }: Disturbance): Promise<void> => {
    const killedIn = await eventually(
      `${name} reaching ${wanted}`,
      async () => {
        const { state } = await detail(stack, id);
        return reached(state, wanted) ? state : undefined;
      },
      HANG_MS,
      STATE_POLL_MS,
    );
    killedAt = Date.now();
    const killed = await kill(stack, node, victim);
    // What was not found may have ended meanwhile, with the state that it ran in.
    kills.push({ victim, state: wanted, killedIn: killed ? killedIn : (await detail(stack, id)).state, killed });
  };

  const needsOperator = scenario === Scenario.cancel || scenario === Scenario.supersede;
  let last = id;
  if (needsOperator) {
    await eventually(
      `${name} calibrating`,
      async () => (reached((await detail(stack, id)).state, DeploymentState.calibrating) ? true : undefined),
      HANG_MS,
      STATE_POLL_MS,
    );
    last = (await intervene(stack, scenario, id, name)) ?? id;
  }
  for (const disturbance of disturbances) await disturb(disturbance);

  const terminal = async (deployment: DeploymentId): Promise<DeploymentDetail> =>
    eventually(
      `${name} ending after ${kills.map(({ victim, killedIn }) => `${victim} was killed in ${killedIn}`).join(' and ') || 'nothing'}`,
      async () => {
        const view = await detail(stack, deployment);
        return isTerminal(view.state) ? view : undefined;
      },
      HANG_MS,
      POLL_MS,
    );
  const ended = await terminal(id);
  if (last !== id) await terminal(last);

  // The node is settled when no job is open, it has seen the last generation and reported what it serves, and all of that was
  // heard after the kill: otherwise the next case would pay for what this one broke.
  const settled = await eventually(
    `${name}: the node settling`,
    async () => {
      // Jobs first: the end of one makes a new generation, which a look at the node before it would miss.
      const { jobs } = await api.call('status');
      const view = await api.call('getNode', { params: { ref: node.id } });
      const [slot] = (await api.call('listSlots')).items.filter((candidate) => candidate.node.id === node.id);
      const open = Object.entries({
        'a job is open': jobs.queued + jobs.running > 0,
        'the node is offline': !view.online,
        'nothing was heard of the node since the kill': Date.parse(view.lastSeenAt ?? '') <= killedAt,
        'the node has not seen the last generation': view.observedGeneration !== view.desiredGeneration,
        'the node serves something else than the control plane shows': slot?.serving?.deploymentId !== slot?.active?.deploymentId,
        'the runtime does not answer': slot?.metrics?.runtimeReachable !== true,
      }).flatMap(([what, isSo]) => (isSo ? [what] : []));
      if (open.length > 0) throw new Error(open.join(', '));
      return { view, slot };
    },
    HANG_MS,
    POLL_MS,
  );
  await sleep(200);
  const orphans = stack.orphans();
  const buildsOfCase = (await finishedBuilds(node)).filter((folder) => !buildsBefore.includes(folder));
  const built = await Promise.all(buildsOfCase.map((folder) => artifactOf(node, folder)));
  const again = await detail(stack, id);
  return {
    ending: {
      state: again.state === ended.state ? ended.state : again.state,
      serving: servingOf(settled.slot?.serving?.plan?.artifact ?? null, built, servedBefore),
      statistics: await wantedStatistics(node),
      generations: settled.view.desiredGeneration - before.desiredGeneration,
      // Older builds are pruned meanwhile, so folders are compared by name.
      finishedBuilds: buildsOfCase.length,
      buildJob: again.build?.state ?? 'none',
    },
    kills,
    statisticsBefore,
    orphans: orphans.map((process) => `${String(process.pid)} ${process.command}`),
  };
}
