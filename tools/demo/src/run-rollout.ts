import type { ApiClient } from '@takt/api-client';
import type { DeploymentDetail, RolloutDetail, RolloutMemberView, RolloutPolicyInput } from '@takt/contracts';
import { RolloutPhase, WaveStep, hasEnded } from '@takt/rollout';
import { gateText } from './rollout-report.js';
import type { Story } from './story-context.js';
import { describeProgress, until } from './watch.js';

/** Longest that one wave may take on a slow host. */
const DEADLINE_MS = 300_000;
/** Times that a held rollout may be resumed, so that a gate which could not decide is measured again. */
const RESUMED_AT_MOST = 2;

/** Nothing goes on by itself any more: it has ended, or it waits for a person. */
const stands = ({ phase }: RolloutDetail): boolean =>
  hasEnded(phase) || phase === RolloutPhase.held || phase === RolloutPhase.awaitingApproval || phase === RolloutPhase.paused;

const goesOn = ({ phase }: RolloutDetail): boolean => phase === RolloutPhase.running;

const namesOf = (members: readonly RolloutMemberView[]): string => members.map(({ node }) => node.name).join(', ');

const inWave = ({ members }: RolloutDetail, wave: number): RolloutMemberView[] =>
  members.filter((member) => member.wave === wave && member.bucket !== 'excluded');

/**
 * Rolls a release out and shows each gate's numbers as they are decided. Where a busy host keeps a gate from deciding, it does what
 * an operator would: it resumes the rollout, so that the gate is measured again. What cannot decide then stays held.
 */
export async function runRollout(
  story: Story,
  release: string,
  policy: RolloutPolicyInput,
  expected: RolloutPhase,
): Promise<RolloutDetail> {
  const earlier = await earlierRollout(story, release, policy, expected);
  return followToEnd(story, earlier ?? (await story.api.call('createRollout', { body: { release, policy } })));
}

/** What an interrupted run left: the rollout that ended as the story says, or the one that still runs or waits for a person. */
async function earlierRollout(
  { api, output }: Story,
  release: string,
  policy: RolloutPolicyInput,
  expected: RolloutPhase,
): Promise<RolloutDetail | undefined> {
  const breach = policy.localRollback?.onPerformanceBreach ?? 'roll-back';
  const { items } = await api.call('listRollouts', { query: { limit: 200 } });
  const same = items.filter((item) => item.release.name === release && item.policy.localRollback.onPerformanceBreach === breach);
  const found = same.find(({ phase }) => phase === expected) ?? same.find(({ phase }) => !hasEnded(phase));
  if (found === undefined) return undefined;
  output.line(`  rollout ${found.name} of an earlier run is ${found.phase}: the demo continues with it`);
  if (found.phase === RolloutPhase.paused || found.phase === RolloutPhase.held)
    return api.call('resumeRollout', { params: { ref: found.id }, body: { reason: 'the demo was started again' } });
  return api.call('getRollout', { params: { ref: found.id } });
}

/** Follows a rollout, wave by wave, until it has ended or waits for a person. */
async function followToEnd(story: Story, begun: RolloutDetail): Promise<RolloutDetail> {
  const { output } = story;
  let rollout = begun;
  output.line(`  rollout ${rollout.name}, by ${rollout.createdBy}`);
  for (const member of rollout.members)
    if (member.bucket === 'excluded') output.line(`  ${member.node.name} takes no part (${member.reason ?? ''}): ${member.message}`);
  for (let resumed = 0; goesOn(rollout);) {
    rollout = await runWave(story, rollout, rollout.currentWave);
    if (rollout.phase !== RolloutPhase.held || resumed >= RESUMED_AT_MOST) continue;
    resumed += 1;
    rollout = await resume(story, rollout);
  }
  if (!stands(rollout)) rollout = await output.step('the fleet goes back', (progress) => follow(story, rollout.id, stands, progress));
  return rollout;
}

async function resume({ api, output }: Story, { id, name, hold }: RolloutDetail): Promise<RolloutDetail> {
  output.line(`  held (${hold?.code ?? ''}): ${hold?.message ?? ''}`);
  output.line(`  npx takt rollout resume ${name}: the gate is measured again`);
  return api.call('resumeRollout', { params: { ref: id }, body: { reason: 'measure again: this host was busy' } });
}

async function runWave(story: Story, before: RolloutDetail, wave: number): Promise<RolloutDetail> {
  const { output } = story;
  const name = before.waves[wave]?.name ?? '';
  const stepOf = (rollout: RolloutDetail): WaveStep => rollout.waves[wave]?.step ?? WaveStep.cancelled;
  const moved = (rollout: RolloutDetail): boolean => stepOf(rollout) !== WaveStep.pending && stepOf(rollout) !== WaveStep.moving;
  const judged = (rollout: RolloutDetail): boolean => rollout.currentWave > wave || !goesOn(rollout);
  let rollout = before;
  if (!moved(rollout)) {
    rollout = await output.step(`${name}: ${namesOf(inWave(before, wave))} moved`, (progress) =>
      follow(story, before.id, (seen) => moved(seen) || judged(seen), progress),
    );
  }
  if (!judged(rollout)) {
    rollout = await output.step(`${name}: soaked and measured`, (progress) => follow(story, before.id, judged, progress));
  }
  for (const gate of rollout.gates) if (gate.wave === wave && gate.outcome !== 'running') output.line(gateText(gate));
  return rollout;
}

function follow(
  { api, signal }: Story,
  ref: string,
  isThere: (rollout: RolloutDetail) => boolean,
  progress: (note: string) => void,
): Promise<RolloutDetail> {
  return until(
    'the next step of the rollout',
    DEADLINE_MS,
    async () => {
      const rollout = await api.call('getRollout', { params: { ref } });
      if (isThere(rollout) || stands(rollout)) return rollout;
      progress(await busyText(api, rollout));
      return undefined;
    },
    signal,
  );
}

/** What is being worked on: the builds and checks of the nodes that move, or what a gate still lacks. */
async function busyText(api: ApiClient, rollout: RolloutDetail): Promise<string> {
  const working = rollout.members.filter(({ bucket }) => bucket === 'working').flatMap(({ deployments }) => deployments.slice(0, 1));
  if (working.length === 0)
    return rollout.gates.flatMap((gate) => (gate.wave === rollout.currentWave ? gate.missing.slice(0, 1) : [])).join(' · ');
  const details = await Promise.all(working.map(({ id }) => api.call('getDeployment', { params: { id } })));
  return details.map(describeProgress).join(' · ');
}

export interface MemberDeployments {
  readonly member: RolloutMemberView;
  /** What moved it to the release. */
  readonly move: DeploymentDetail;
  /** What took it back; undefined where nothing did. */
  readonly revert: DeploymentDetail | undefined;
}

/** The deployments of each node that a rollout moved. */
export async function movedNodes(api: ApiClient, rollout: RolloutDetail): Promise<MemberDeployments[]> {
  const found: MemberDeployments[] = [];
  for (const member of rollout.members) {
    const detail = async (revert: boolean): Promise<DeploymentDetail | undefined> => {
      const id = member.deployments.find((deployment) => deployment.revert === revert)?.id;
      return id === undefined ? undefined : api.call('getDeployment', { params: { id } });
    };
    const move = await detail(false);
    if (move !== undefined) found.push({ member, move, revert: await detail(true) });
  }
  return found;
}
