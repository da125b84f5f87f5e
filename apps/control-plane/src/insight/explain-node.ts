import type { EventView, Explanation, NodeView } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { NodeId } from '@takt/kernel';
import type { Database, SlotOverview, Stores } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import type { NodeQueries } from '../topology/nodes.js';

const EVENTS = 20;

export class ExplainNode {
  constructor(
    private readonly db: Database,
    private readonly nodes: NodeQueries,
  ) {}

  async execute(ctx: RequestContext, ref: string): Promise<Explanation> {
    const node = await this.nodes.get(ctx, ref);
    const { stores } = this.db;
    const slots = (await stores.slots.overview(ctx.siteScope)).filter((slot) => slot.slot.nodeId === node.id);
    const live = (await stores.nodes.liveness([asId<NodeId>(node.id)])).get(node.id);
    const events = await stores.events.newest({ object: node.id, limit: EVENTS }, ctx.siteScope);
    const conflict = await stores.events.openConflict(node.id);
    return {
      object: { kind: 'node', id: node.id, name: node.name },
      ...judge(node, slots, conflict),
      findings: slots.flatMap(findingsOf),
      figures: {
        online: node.online,
        lastSeenAt: node.lastSeenAt,
        desiredGeneration: node.desiredGeneration,
        observedGeneration: node.observedGeneration,
        reportsMade: live?.heartbeat?.lastSeq ?? null,
        reportsConfirmed: node.confirmedSeq,
        agentRssMiB: node.rssMiB,
        profile: node.profile?.name ?? null,
        ...(await rolloutFigures(stores, node.id)),
      },
      timeline: events.reverse().map((event) => ({ at: event.at, code: event.code, message: event.message })),
    };
  }
}

/** Where the node stands in the newest rollout that it is part of. */
async function rolloutFigures(stores: Stores, nodeId: NodeId): Promise<Explanation['figures']> {
  const [row] = await stores.rollouts.list({ nodeId, limit: 1 }, null);
  const member = row === undefined ? undefined : (await stores.rollouts.members(row.id)).find((each) => each.nodeId === nodeId);
  if (row === undefined || member === undefined) return {};
  return {
    rollout: row.name,
    rolloutPhase: row.phase,
    rolloutBucket: member.bucket,
    rolloutReason: member.reason,
    rolloutMessage: member.message,
  };
}

type Verdict = Pick<Explanation, 'reason' | 'summary' | 'suggestedAction'>;

function judge(node: NodeView, slots: readonly SlotOverview[], conflict: EventView | undefined): Verdict {
  if (node.lastSeenAt === null) {
    return { reason: 'NeverSeen', summary: `node ${node.name} joined and was never heard since`, suggestedAction: 'start its agent' };
  }
  if (!node.online) {
    return {
      reason: 'NodeOffline',
      summary: `node ${node.name} was last heard at ${node.lastSeenAt}; it goes on serving without us`,
      suggestedAction: 'check its power and network',
    };
  }
  const bad = node.conditions.find((condition) => condition.status === 'false');
  if (bad !== undefined)
    return { reason: bad.reason, summary: `${bad.type} of node ${node.name} is false: ${bad.message}`, suggestedAction: bad.action };
  if (conflict !== undefined) {
    return {
      reason: conflict.code,
      summary: conflict.message,
      suggestedAction: `look at what the node serves, then change what is wanted of it until its generation passes ${String(conflict.data['brokerGeneration'])}`,
    };
  }
  const slow = slots.find(
    ({ metrics, requiredFps }) => metrics?.deliveredFps !== null && metrics !== null && metrics.deliveredFps < requiredFps,
  );
  if (slow !== undefined) {
    return {
      reason: 'BelowRequiredFps',
      summary: `line ${slow.lineSlug} gets ${(slow.metrics?.deliveredFps ?? 0).toFixed(1)} of ${String(slow.requiredFps)} results per second from node ${node.name}`,
      suggestedAction: 'deploy a release with a faster plan, or move the line to a stronger node',
    };
  }
  if (node.observedGeneration < node.desiredGeneration) {
    return {
      reason: 'CatchingUp',
      summary: `node ${node.name} works on generation ${String(node.observedGeneration)}; ${String(node.desiredGeneration)} is wanted`,
      suggestedAction: null,
    };
  }
  return { reason: 'Healthy', summary: `node ${node.name} is online and as wanted`, suggestedAction: null };
}

function findingsOf({ lineSlug, metrics, requiredFps }: SlotOverview): Explanation['findings'] {
  if (metrics?.deliveredFps === undefined || metrics.deliveredFps === null) return [];
  const held = metrics.deliveredFps >= requiredFps;
  return [
    {
      code: 'DeliveredFps',
      held,
      measured: metrics.deliveredFps,
      bound: requiredFps,
      unit: 'fps',
      message: `line ${lineSlug} gets ${metrics.deliveredFps.toFixed(1)} results per second and needs ${String(requiredFps)}`,
    },
  ];
}
