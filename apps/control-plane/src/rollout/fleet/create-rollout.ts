import { randomUUID } from 'node:crypto';
import type { RolloutDetail, RolloutPlanView, createRolloutSchema } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, NodeId, RolloutId } from '@takt/kernel';
import type { Database, RolloutRow, Stores } from '@takt/persistence';
import { MemberBucket, applyIntent } from '@takt/rollout';
import type { Rollout } from '@takt/rollout';
import type { z } from 'zod';
import { refused } from '../../errors.js';
import { seesSite } from '../../http/context.js';
import type { RequestContext } from '../../http/context.js';
import { resolveModel, resolveRelease } from '../../resolve.js';
import { recordRolloutEvents } from './carry-out.js';
import { planRollout, toPlanView } from './plan-rollout.js';
import type { PlannedRollout } from './plan-rollout.js';
import type { RolloutQueries } from './rollout-queries.js';

type Input = z.output<typeof createRolloutSchema>;

export class PlanRollout {
  constructor(private readonly db: Database) {}

  async execute(ctx: RequestContext, input: Input): Promise<RolloutPlanView> {
    // The order of equals is drawn when the rollout is made; a plan shows one that could be.
    return toPlanView(await planRollout(this.db.stores, ctx, input, 'plan'));
  }
}

/** Starts a rollout: its rows are written, and the reconcilers take it from there. */
export class CreateRollout {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly queries: RolloutQueries,
  ) {}

  async execute(ctx: RequestContext, input: Input): Promise<RolloutDetail> {
    const id = asId<RolloutId>(randomUUID());
    const now = new Date(this.clock.now());
    await this.db.transaction(async (stores) => {
      const { modelId } = await resolveRelease(stores, input.release);
      await stores.rollouts.lockModel((await resolveModel(stores, modelId)).name);
      const planned = await planRollout(stores, ctx, input, id);
      refuseEmpty(planned);
      const name = await stores.rollouts.nextName(planned.release.name, planned.release.id);
      await makeRoom(stores, ctx, planned, input.supersede, name, now);
      const { policy, plan } = planned;
      const rollout: Rollout = {
        phase: 'running',
        policy,
        currentWave: 0,
        waves: plan.waves,
        members: plan.members,
        gates: [],
        hold: null,
      };
      const row: RolloutRow = {
        id,
        name,
        releaseId: planned.release.id,
        model: planned.model.name,
        phase: rollout.phase,
        policy,
        target: input.target,
        currentWave: 0,
        hold: null,
        createdBy: ctx.actor,
        createdAt: now,
        updatedAt: now,
        endedAt: null,
        generation: 0,
        leaseOwner: null,
        leaseUntil: null,
      };
      await stores.rollouts.add(row, rollout, randomUUID);
      const taking = plan.members.filter((member) => member.bucket !== MemberBucket.excluded).length;
      const events = [
        {
          code: 'RolloutStarted',
          severity: 'info' as const,
          message: `of release ${planned.release.name} was started by ${ctx.actor}: ${String(taking)} nodes in ${String(plan.waves.length)} waves`,
          data: { release: planned.release.name, nodes: taking, excluded: plan.members.length - taking, policy },
        },
        ...(policy.localRollback.onPerformanceBreach === 'report'
          ? [
              {
                code: 'LocalRollbackSwitchedOff',
                severity: 'warning' as const,
                message: `leaves breaches of speed to the fleet’s gate, by ${ctx.actor}: ${policy.localRollback.reason ?? ''}`,
                data: { actor: ctx.actor, reason: policy.localRollback.reason },
              },
            ]
          : []),
      ];
      recordRolloutEvents(stores, row, ctx.actor, plan.members, events, now);
    });
    return this.queries.get(ctx, id);
  }
}

function refuseEmpty({ plan, release, nodes }: PlannedRollout): void {
  if (plan.waves.length > 0) return;
  const reasons = plan.members.map((member) => `${nodes.get(member.nodeId)?.name ?? member.nodeId}: ${member.message}`);
  throw refused(
    'NoNodeForRollout',
    reasons.length === 0
      ? `no node has a slot of release ${release.name}’s model in the target`
      : `no node can take release ${release.name}: ${reasons.slice(0, 5).join('; ')}${reasons.length > 5 ? ` and ${String(reasons.length - 5)} more` : ''}`,
    reasons.length === 0 ? 'widen the target, or make slots: `takt slots create`' : 'see `takt rollout plan` for every node',
    release.name,
  );
}

async function makeRoom(
  stores: Stores,
  ctx: RequestContext,
  planned: PlannedRollout,
  supersede: boolean,
  name: string,
  now: Date,
): Promise<void> {
  const { plan, model, conflicts } = planned;
  const taking: NodeId[] = plan.members.filter((member) => member.bucket !== MemberBucket.excluded).map((member) => member.nodeId);
  const [conflict] = conflicts;
  if (conflict !== undefined && !supersede) {
    throw refused(
      'RolloutInProgress',
      `rollout ${conflict.name} is ${conflict.phase} on nodes of this one`,
      `wait for it, abort it (\`takt rollout abort ${conflict.name}\`), or start with --supersede`,
      conflict.name,
    );
  }
  const taken = new Set(taking);
  for (const { id } of conflicts) {
    const row = await stores.rollouts.lock(id);
    if (row === null) continue;
    const rollout = await stores.rollouts.load(row);
    refuseSuperseding(ctx, row.name, rollout, taken);
    const step = applyIntent(rollout, { type: 'supersede', actor: ctx.actor, by: name }, now.getTime());
    if (!step.ok) continue;
    await stores.rollouts.save(row, rollout, step.value.rollout, now, randomUUID);
    recordRolloutEvents(stores, row, ctx.actor, rollout.members, step.value.events, now);
  }
  // Who was away from an older one catches up to this one only.
  for (const { id } of await stores.rollouts.trailingWith(taking, model.name)) {
    const row = await stores.rollouts.lock(id);
    if (row === null) continue;
    const rollout = await stores.rollouts.load(row);
    const open: readonly MemberBucket[] = [MemberBucket.pending, MemberBucket.offline, MemberBucket.deferred, MemberBucket.working];
    const members = rollout.members.map((member) =>
      taken.has(member.nodeId) && open.includes(member.bucket)
        ? { ...member, bucket: MemberBucket.superseded, reason: 'NewerRollout', message: `rollout ${name} took its place` }
        : member,
    );
    await stores.rollouts.save(row, rollout, { ...rollout, members }, now, randomUUID);
  }
}

/** Ending another rollout is a matter of all its sites, and must not leave nodes of it on a release that they shall go back from. */
function refuseSuperseding(ctx: RequestContext, name: string, rollout: Rollout, taken: ReadonlySet<NodeId>): void {
  if (rollout.members.some((member) => !seesSite(ctx, member.siteId))) {
    throw refused(
      'SiteScopeTooNarrow',
      `rollout ${name} also moves nodes of sites that ${ctx.actor} is not responsible for, so it cannot be superseded`,
      'ask somebody whose token covers all of its sites',
      name,
    );
  }
  const goingBack = rollout.members.filter(
    (member) => !taken.has(member.nodeId) && member.revert !== null && !isSettledBack(member.bucket),
  );
  if (goingBack.length > 0) {
    throw refused(
      'RolloutGoingBack',
      `${String(goingBack.length)} nodes of rollout ${name} that this one does not take have yet to go back`,
      `wait until it has ended: \`takt rollout watch ${name}\``,
      name,
    );
  }
}

const isSettledBack = (bucket: MemberBucket): boolean =>
  bucket === MemberBucket.rolledBack || bucket === MemberBucket.failed || bucket === MemberBucket.superseded;
