import { createHash } from 'node:crypto';
import type { RolloutPlanView, createRolloutSchema } from '@takt/contracts';
import { groupBy } from '@takt/kernel';
import type { NodeId } from '@takt/kernel';
import type { Deployment, FleetNode, Model, Release, RolloutRow, SlotOverview, Stores } from '@takt/persistence';
import { MemberBucket, planWaves } from '@takt/rollout';
import type { RolloutCandidate, RolloutPolicy, WavePlan } from '@takt/rollout';
import type { z } from 'zod';
import type { RequestContext } from '../../http/context.js';
import { resolveLine, resolveModel, resolveNode, resolveRelease, resolveSite } from '../../resolve.js';
import { unsuitable } from '../suitability.js';
import { mergePolicy } from './rollout-policy.js';

type Input = z.output<typeof createRolloutSchema>;

/** Everything that a rollout would be, before it is. */
export interface PlannedRollout {
  readonly release: Release;
  readonly model: Model;
  readonly policy: RolloutPolicy;
  readonly plan: WavePlan;
  readonly nodes: ReadonlyMap<NodeId, FleetNode>;
  readonly online: ReadonlySet<NodeId>;
  readonly siteNames: ReadonlyMap<string, string>;
  /** Unfinished rollouts that share nodes with it. */
  readonly conflicts: readonly RolloutRow[];
}

/** Who takes part in which wave, and who does not and why. `salt` decides who of equals is the canary. */
export async function planRollout(stores: Stores, ctx: RequestContext, input: Input, salt: string): Promise<PlannedRollout> {
  const policy = mergePolicy(input.policy);
  const release = await resolveRelease(stores, input.release);
  const model = await resolveModel(stores, release.modelId);
  const slots = await targetSlots(stores, ctx, input, model);
  const nodes = new Map((await stores.nodes.list(ctx.siteScope)).map((node) => [node.id, node]));
  const byNode = groupBy(slots, ({ slot }) => slot.nodeId);
  const liveness = await stores.nodes.liveness([...byNode.keys()]);
  const online = new Set([...byNode.keys()].filter((id) => liveness.get(id)?.online === true));
  const profiles = [
    ...new Set((await stores.nodes.list(null)).flatMap((node) => (node.profile === null ? [] : [node.profile.name]))),
  ].sort();
  const last = await stores.deployments.lastEndedOf(
    release.id,
    slots.map(({ slot }) => slot.id),
  );
  const named = new Set(input.target.nodes === undefined ? [] : byNode.keys());
  const activeIds = slots.flatMap(({ slot }) => (slot.activeId === null ? [] : [slot.activeId]));
  const active = new Map((await stores.deployments.byIds(activeIds)).map((deployment) => [deployment.slotId as string, deployment]));
  const candidates = [...byNode].flatMap(([nodeId, own]): RolloutCandidate[] => {
    const node = nodes.get(nodeId);
    if (node === undefined) return [];
    return [
      {
        nodeId,
        siteId: node.siteId,
        profile: node.profile?.name ?? '',
        online: online.has(nodeId),
        slotIds: own.map(({ slot }) => slot.id).sort(),
        lineIds: [...new Set(own.map(({ slot }) => slot.lineId))].sort(),
        exclusion: exclusionOf({ release, node, own, profiles, active, last, named: named.has(nodeId), wanted: input.target.profiles }),
      },
    ];
  });
  const plan = planWaves(candidates, policy, (nodeId) => createHash('sha256').update(`${salt} ${nodeId}`).digest('hex'));
  const taking = plan.members.filter((member) => member.bucket !== MemberBucket.excluded).map((member) => member.nodeId);
  const siteNames = new Map((await stores.sites.list(ctx.siteScope)).map((site) => [site.id as string, site.name]));
  return { release, model, policy, plan, nodes, online, siteNames, conflicts: await stores.rollouts.unfinishedWith(taking, model.name) };
}

async function targetSlots(stores: Stores, ctx: RequestContext, input: Input, model: Model): Promise<SlotOverview[]> {
  const { sites, lines, nodes } = input.target;
  const siteIds = sites === undefined ? null : await idsOf(sites, (ref) => resolveSite(stores, ctx, ref));
  const lineIds = lines === undefined ? null : await idsOf(lines, (ref) => resolveLine(stores, ctx, ref));
  const nodeIds = nodes === undefined ? null : await idsOf(nodes, (ref) => resolveNode(stores, ctx, ref));
  return (await stores.slots.overview(ctx.siteScope)).filter(
    ({ slot }) =>
      slot.model === model.name &&
      (siteIds === null || siteIds.has(slot.siteId)) &&
      (lineIds === null || lineIds.has(slot.lineId)) &&
      (nodeIds === null || nodeIds.has(slot.nodeId)),
  );
}

/** Ids of what is named, each reference looked up once, one after the other: a long list takes no more than one connection. */
async function idsOf(refs: readonly string[], resolve: (ref: string) => Promise<{ readonly id: string }>): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const ref of new Set(refs)) ids.add((await resolve(ref)).id);
  return ids;
}

interface Suitability {
  readonly release: Release;
  readonly node: FleetNode;
  readonly own: readonly SlotOverview[];
  readonly profiles: readonly string[];
  /** What each slot serves, by slot. */
  readonly active: ReadonlyMap<string, Deployment>;
  readonly last: ReadonlyMap<string, Deployment>;
  /** The operator named it: what it refused before may be tried again. */
  readonly named: boolean;
  readonly wanted: readonly string[] | undefined;
}

function exclusionOf({ release, node, own, profiles, active, last, named, wanted }: Suitability): RolloutCandidate['exclusion'] {
  if (wanted !== undefined && (node.profile === null || !wanted.includes(node.profile.name))) {
    return { code: 'ProfileNotTargeted', message: `its hardware profile ${node.profile?.name ?? '(none)'} is not in the target` };
  }
  const fault = unsuitable(release, node, profiles);
  if (fault !== undefined) return { code: fault.code, message: fault.message };
  if (own.some(({ slot }) => !active.has(slot.id))) {
    return {
      code: 'NothingServed',
      message: 'a slot of it serves nothing yet, so there is nothing to compare with: `takt deploy` a first release',
    };
  }
  if (own.every(({ slot }) => active.get(slot.id)?.releaseId === release.id)) {
    return { code: 'AlreadyServes', message: `it serves release ${release.name} already` };
  }
  const failed = own
    .map(({ slot }) => last.get(slot.id))
    .find(
      (deployment) =>
        deployment?.state === 'rolled-back' &&
        deployment.reason !== 'NotMeasured' &&
        deployment.reason !== 'OperatorRollback' &&
        deployment.reason !== 'Superseded',
    );
  if (failed !== undefined && !named) {
    return {
      code: 'WentBackBefore',
      message: `it went back from release ${release.name} by itself (${failed.reason ?? 'unknown'}); name the node in the target to try again`,
    };
  }
  return null;
}

export const toPlanView = ({ release, model, policy, plan, nodes, online, siteNames, conflicts }: PlannedRollout): RolloutPlanView => {
  const describe = (nodeId: NodeId): { name: string; site: string } => {
    const node = nodes.get(nodeId);
    return { name: node?.name ?? nodeId, site: siteNames.get(node?.siteId ?? '') ?? '' };
  };
  return {
    release: { id: release.id, name: release.name },
    model: `${model.name}@${model.version}`,
    policy: { ...policy, waves: [...policy.waves] },
    waves: plan.waves.map((wave) => ({
      index: wave.index,
      name: wave.name,
      nodes: plan.members
        .filter((member) => member.wave === wave.index && member.bucket !== MemberBucket.excluded)
        .map((member) => ({ ...describe(member.nodeId), profile: member.profile, online: online.has(member.nodeId) })),
    })),
    excluded: plan.members
      .filter((member) => member.bucket === MemberBucket.excluded)
      .map((member) => ({ ...describe(member.nodeId), code: member.reason ?? '', message: member.message })),
    conflicts: conflicts.map((rollout) => ({ id: rollout.id, name: rollout.name })),
  };
};
