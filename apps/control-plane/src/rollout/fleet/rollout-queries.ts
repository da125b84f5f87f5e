import type { GateView, RolloutDetail, RolloutMemberView, RolloutView, rolloutQuerySchema } from '@takt/contracts';
import { groupBy } from '@takt/kernel';
import type { Database, RolloutRow, StoredGate, Stores } from '@takt/persistence';
import { MemberBucket, countBuckets } from '@takt/rollout';
import type { RolloutMember, RolloutWave } from '@takt/rollout';
import type { z } from 'zod';
import { notFound } from '../../errors.js';
import { seesSite } from '../../http/context.js';
import type { RequestContext } from '../../http/context.js';
import { resolveNode } from '../../resolve.js';

const iso = (at: number | Date | null): string | null => (at === null ? null : new Date(at).toISOString());

export class RolloutQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext, query: z.output<typeof rolloutQuerySchema>): Promise<RolloutView[]> {
    const { stores } = this.db;
    const node = query.node === undefined ? undefined : await resolveNode(stores, ctx, query.node);
    const rows = await stores.rollouts.list(
      {
        ...(query.active === undefined ? {} : { active: query.active }),
        ...(node === undefined ? {} : { nodeId: node.id }),
        limit: query.limit,
      },
      ctx.siteScope,
    );
    const ids = rows.map((row) => row.id);
    const [standings, waves, names] = [
      groupBy(await stores.rollouts.standings(ids, ctx.siteScope), (standing) => standing.rolloutId),
      await stores.rollouts.wavesOf(ids),
      await stores.releases.namesOf(rows.map((row) => row.releaseId)),
    ];
    return rows.map((row) => toView(row, names.get(row.releaseId) ?? '', waves.get(row.id) ?? [], standings.get(row.id) ?? []));
  }

  /** By id or name; what has no node in the caller's sites does not exist for them. */
  async find(ctx: RequestContext, ref: string): Promise<{ row: RolloutRow; members: readonly RolloutMember[] }> {
    const { stores } = this.db;
    const row = await stores.rollouts.find(ref);
    const members = row === null ? [] : await visible(stores, ctx, row);
    if (row === null || (members.length === 0 && ctx.siteScope !== null)) throw notFound('rollout', ref);
    return { row, members };
  }

  async get(ctx: RequestContext, ref: string): Promise<RolloutDetail> {
    const { stores } = this.db;
    const { row, members } = await this.find(ctx, ref);
    const gates = await stores.rollouts.gates(row.id);
    return {
      ...toView(row, (await stores.releases.find(row.releaseId))?.name ?? '', await stores.rollouts.waves(row.id), members),
      gates: gates.map((gate) => toGateView(gate, row)),
      members: await memberViews(stores, ctx, row, members),
    };
  }

  async gate(ctx: RequestContext, id: string): Promise<GateView> {
    const gate = await this.db.stores.rollouts.findGate(id);
    if (gate === null) throw notFound('gate', id);
    const { row } = await this.find(ctx, gate.rolloutId);
    return toGateView(gate, row);
  }
}

const visible = async (stores: Stores, ctx: RequestContext, row: RolloutRow): Promise<RolloutMember[]> =>
  (await stores.rollouts.members(row.id)).filter((member) => seesSite(ctx, member.siteId));

function toView(
  row: RolloutRow,
  releaseName: string,
  waves: readonly RolloutWave[],
  members: readonly { readonly wave: number; readonly bucket: MemberBucket; readonly count?: number }[],
): RolloutView {
  return {
    id: row.id,
    name: row.name,
    release: { id: row.releaseId, name: releaseName },
    model: row.model,
    phase: row.phase,
    currentWave: row.currentWave,
    counts: countBuckets(members),
    waves: waves.map((wave) => ({
      index: wave.index,
      name: wave.name,
      step: wave.step,
      counts: countBuckets(members.filter((member) => member.wave === wave.index && member.bucket !== MemberBucket.excluded)),
      startedAt: iso(wave.startedAt),
      soakingSince: iso(wave.soakingSince),
      endedAt: iso(wave.endedAt),
      approvedBy: wave.approvedBy,
    })),
    hold: row.hold,
    policy: { ...row.policy, waves: [...row.policy.waves] },
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    endedAt: iso(row.endedAt),
  };
}

const toGateView = (gate: StoredGate, row: RolloutRow): GateView => ({
  id: gate.id,
  rollout: { id: row.id, name: row.name },
  wave: gate.wave,
  profile: gate.profile,
  startedAt: new Date(gate.startedAt).toISOString(),
  decidedAt: iso(gate.decidedAt),
  decidedBy: gate.decidedBy,
  ...gate.report,
  missing: [...gate.report.missing],
  findings: gate.report.findings.map((finding) => ({ ...finding })),
  distributions: gate.report.distributions.map((group) => ({ ...group, buckets: group.buckets.map((bucket) => ({ ...bucket })) })),
});

async function memberViews(
  stores: Stores,
  ctx: RequestContext,
  row: RolloutRow,
  members: readonly RolloutMember[],
): Promise<RolloutMemberView[]> {
  const nodes = new Map((await stores.nodes.list(ctx.siteScope)).map((node) => [node.id, node]));
  const sites = new Map((await stores.sites.list(ctx.siteScope)).map((site) => [site.id, site.name]));
  const lines = new Map((await stores.lines.list(ctx.siteScope)).map((line) => [line.id, line.slug]));
  const liveness = await stores.nodes.liveness(members.map((member) => member.nodeId));
  const deployments = groupBy(await stores.deployments.ofRollout(row.id), (deployment) => deployment.nodeId);
  return members.map((member) => ({
    node: { id: member.nodeId, name: nodes.get(member.nodeId)?.name ?? member.nodeId },
    nodeId: member.nodeId,
    site: sites.get(member.siteId) ?? '',
    lines: member.lineIds.flatMap((id) => lines.get(id) ?? []),
    profile: member.profile,
    wave: member.wave,
    bucket: member.bucket,
    reason: member.reason,
    message: member.message,
    online: liveness.get(member.nodeId)?.online === true,
    deployments: (deployments.get(member.nodeId) ?? [])
      .map((deployment) => ({ id: deployment.id, state: deployment.state, revert: deployment.revertOf !== null }))
      .reverse(),
  }));
}
