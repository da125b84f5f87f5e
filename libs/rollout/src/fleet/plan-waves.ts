import { groupBy } from '@takt/kernel';
import type { LineId, NodeId, SiteId, SlotId } from '@takt/kernel';
import type { RolloutPolicy } from './rollout-policy.js';
import { MemberBucket, WaveStep } from './rollout-state.js';
import type { RolloutMember, RolloutWave } from './rollout-state.js';

/** A node that could take part, as the fleet's rows describe it. */
export interface RolloutCandidate {
  readonly nodeId: NodeId;
  readonly siteId: SiteId;
  /** Name of its hardware profile; empty where it has not said what it is. */
  readonly profile: string;
  readonly online: boolean;
  readonly slotIds: readonly SlotId[];
  readonly lineIds: readonly LineId[];
  /** Why it takes no part; null where it does. */
  readonly exclusion: { readonly code: string; readonly message: string } | null;
}

export interface WavePlan {
  readonly waves: readonly RolloutWave[];
  readonly members: readonly RolloutMember[];
}

/**
 * Puts nodes into waves. Each hardware profile fills every wave by itself, since each is judged by itself; within a profile the
 * sites take turns, so that no wave stands or falls with one site, and nodes that can be reached come first. The order inside a
 * site follows `orderOf`, a hash that differs from rollout to rollout: not always the same box is the canary.
 */
export function planWaves(
  candidates: readonly RolloutCandidate[],
  policy: Pick<RolloutPolicy, 'waves'>,
  orderOf: (nodeId: NodeId) => string,
): WavePlan {
  const taking = candidates.filter((candidate) => candidate.exclusion === null);
  const byProfile = groupBy(taking, (candidate) => candidate.profile);
  const waveOf = new Map<NodeId, number>();
  for (const group of byProfile.values()) {
    const ordered = spreadOverSites(group, orderOf);
    let taken = 0;
    for (const [wave, size] of policy.waves.entries()) {
      const upTo = size.kind === 'nodes' ? taken + size.perProfile : Math.ceil((ordered.length * size.upTo) / 100);
      for (const candidate of ordered.slice(taken, upTo)) waveOf.set(candidate.nodeId, wave);
      taken = Math.max(taken, Math.min(upTo, ordered.length));
    }
    for (const candidate of ordered.slice(taken)) waveOf.set(candidate.nodeId, policy.waves.length);
  }
  // Waves that no profile fills do not exist.
  const used = [...new Set(waveOf.values())].sort((a, b) => a - b);
  const indexOf = new Map(used.map((wave, index) => [wave, index]));
  return {
    waves: used.map((_, index) => newWave(index)),
    members: candidates.map((candidate) => newMember(candidate, indexOf.get(waveOf.get(candidate.nodeId) ?? -1) ?? 0)),
  };
}

export const newWave = (index: number): RolloutWave => ({
  index,
  name: index === 0 ? 'canary' : `wave ${String(index + 1)}`,
  step: WaveStep.pending,
  startedAt: null,
  soakingSince: null,
  endedAt: null,
  approvedBy: null,
});

const newMember = (candidate: RolloutCandidate, wave: number): RolloutMember => ({
  nodeId: candidate.nodeId,
  siteId: candidate.siteId,
  profile: candidate.profile,
  slotIds: candidate.slotIds,
  lineIds: candidate.lineIds,
  wave,
  bucket: candidate.exclusion === null ? (candidate.online ? MemberBucket.pending : MemberBucket.offline) : MemberBucket.excluded,
  reason: candidate.exclusion?.code ?? null,
  message: candidate.exclusion?.message ?? 'its wave has not begun',
  movedAt: null,
  revert: null,
});

/** Sites take turns, those with most nodes first; reachable nodes before the others. */
export function spreadOverSites<T extends Pick<RolloutCandidate, 'nodeId' | 'siteId' | 'online'>>(
  group: readonly T[],
  orderOf: (nodeId: NodeId) => string,
): T[] {
  const ordered = [...group].sort(
    (a, b) => Number(b.online) - Number(a.online) || compare(orderOf(a.nodeId), orderOf(b.nodeId)) || compare(a.nodeId, b.nodeId),
  );
  const sites = [...groupBy(ordered, (candidate) => candidate.siteId).entries()].sort(
    ([a, first], [b, second]) => second.length - first.length || compare(a, b),
  );
  const [reachable, away]: [T[], T[]] = [[], []];
  for (let turn = 0; turn < ordered.length; turn += 1) {
    for (const [, nodes] of sites) {
      const next = nodes[turn];
      if (next !== undefined) (next.online ? reachable : away).push(next);
    }
  }
  return [...reachable, ...away];
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
