import type { LineId, NodeId } from '@takt/kernel';
import { isTerminal } from '../deployment-state.js';
import { NOTHING_TO_GO_BACK_TO, REVERT_FAILED, REVERT_OVERDUE, keepsRelease, wasMoved } from './member-bucket.js';
import type { RolloutPolicy } from './rollout-policy.js';
import type { MemberObservation } from './member-bucket.js';
import { MemberBucket } from './rollout-state.js';
import type { Rollout, RolloutMember } from './rollout-state.js';
import { changed, told } from './rollout-step.js';
import type { Draft, RolloutObservation } from './rollout-step.js';
import { hasBegun, isLost, isProfileOut, isProved } from './wave-questions.js';

/** Places in the disruption budget: of the whole rollout, and of each line. Nodes that cannot be reached take none. */
class Budget {
  readonly #policy: Pick<RolloutPolicy, 'maxConcurrent' | 'maxPerLine'>;
  readonly #lines = new Map<LineId, number>();
  #working = 0;

  constructor(rollout: Rollout) {
    this.#policy = rollout.policy;
    for (const member of rollout.members) if (member.bucket === MemberBucket.working) this.take(member);
  }

  take(member: RolloutMember): void {
    this.#working += 1;
    for (const line of member.lineIds) this.#lines.set(line, (this.#lines.get(line) ?? 0) + 1);
  }

  /** What stands in the way; undefined where there is a place. */
  refusal(member: RolloutMember): 'rollout' | 'line' | undefined {
    if (member.lineIds.some((line) => (this.#lines.get(line) ?? 0) >= this.#policy.maxPerLine)) return 'line';
    return this.#working >= this.#policy.maxConcurrent ? 'rollout' : undefined;
  }
}

const replaced = (rollout: Rollout, changes: ReadonlyMap<NodeId, RolloutMember>): readonly RolloutMember[] =>
  changes.size === 0 ? rollout.members : rollout.members.map((member) => changes.get(member.nodeId) ?? member);

/** Moves every node whose turn it is, as far as the budget goes. `wave` is what they count for from now on. */
export function moveEligible(draft: Draft, now: number, options: { readonly onlyProved: boolean }): Draft {
  const { rollout } = draft;
  const budget = new Budget(rollout);
  const changes = new Map<NodeId, RolloutMember>();
  const commands = [...draft.commands];
  const movedUnproved = countMovedUnproved(rollout);
  for (const member of rollout.members) {
    if (wasMoved(member) || member.bucket !== MemberBucket.pending || !hasBegun(rollout, member)) continue;
    if (isProfileOut(rollout, member.profile)) continue;
    if (isLost(rollout, member.profile)) {
      changes.set(member.nodeId, deferred(member, 'ProfileFailing', 'more nodes of its hardware profile failed than its gate forgives'));
      continue;
    }
    if (!isProved(rollout, member.profile)) {
      if (options.onlyProved) {
        changes.set(member.nodeId, deferred(member, 'ProfileNotProved', 'no gate has shown the release on its hardware profile yet'));
        continue;
      }
      // A profile whose canary could not be reached gets its canary now, however large the wave is.
      const moved = movedUnproved.get(member.profile) ?? 0;
      if (moved >= canarySize(rollout)) continue;
      movedUnproved.set(member.profile, moved + 1);
    }
    const refusal = budget.refusal(member);
    if (refusal === 'line') {
      changes.set(member.nodeId, deferred(member, 'LineBudget', 'another node of its line is being moved'));
      continue;
    }
    if (refusal === 'rollout') continue;
    budget.take(member);
    changes.set(member.nodeId, {
      ...member,
      wave: rollout.currentWave,
      movedAt: now,
      bucket: MemberBucket.working,
      reason: null,
      message: 'pending',
    });
    commands.push({ type: 'move', nodeId: member.nodeId, slotIds: member.slotIds });
  }
  return { ...changed(draft, { members: replaced(rollout, changes) }), commands };
}

const deferred = (member: RolloutMember, reason: string, message: string): RolloutMember => ({
  ...member,
  bucket: MemberBucket.deferred,
  reason,
  message,
});

const canarySize = (rollout: Rollout): number => {
  const [first] = rollout.policy.waves;
  return first?.kind === 'nodes' ? first.perProfile : 1;
};

/** Per profile, nodes moved in the current wave. */
function countMovedUnproved(rollout: Rollout): Map<string, number> {
  const counts = new Map<string, number>();
  // In the canary wave itself the plan has set the size.
  if (rollout.currentWave === 0) for (const { profile } of rollout.members) counts.set(profile, Number.NEGATIVE_INFINITY);
  for (const member of rollout.members) {
    if (wasMoved(member) && member.wave === rollout.currentWave) counts.set(member.profile, (counts.get(member.profile) ?? 0) + 1);
  }
  return counts;
}

/** In the canary wave a profile none of whose canaries can be reached takes another node instead. */
export function promoteCanaries(draft: Draft): Draft {
  const { rollout } = draft;
  if (rollout.currentWave !== 0) return draft;
  const changes = new Map<NodeId, RolloutMember>();
  for (const profile of new Set(rollout.members.map((member) => member.profile))) {
    const own = rollout.members.filter((member) => member.profile === profile && member.bucket !== MemberBucket.excluded);
    const canaries = own.filter((member) => member.wave === 0);
    if (canaries.length === 0 || canaries.some((member) => wasMoved(member) || member.bucket !== MemberBucket.offline)) continue;
    const next = own.find((member) => member.wave > 0 && member.bucket === MemberBucket.pending);
    if (next !== undefined) changes.set(next.nodeId, { ...next, wave: 0 });
  }
  return changed(draft, { members: replaced(rollout, changes) });
}

/** Marks what shall go back: everything that has the release or is on its way to it. Nodes that were not moved take no part any more. */
export function markRevert(
  draft: Draft,
  concerns: (member: RolloutMember) => boolean,
  reason: string,
  left: { readonly code: string; readonly message: string },
): Draft {
  const members = draft.rollout.members.map((member): RolloutMember => {
    if (!concerns(member) || member.bucket === MemberBucket.excluded || member.bucket === MemberBucket.superseded) return member;
    if (!wasMoved(member)) return { ...member, bucket: MemberBucket.excluded, reason: left.code, message: left.message };
    // Also where one slot of several has failed already: the others have the release. One that could not go back tries again.
    return member.revert === null || couldNotGoBack(member) ? { ...member, revert: { reason, startedAt: null } } : member;
  });
  return changed(draft, { members });
}

const couldNotGoBack = ({ bucket, reason }: RolloutMember): boolean =>
  bucket === MemberBucket.failed && (reason === REVERT_FAILED || reason === REVERT_OVERDUE);

/** A node that shall go back and has not begun to. */
export const awaitsRevert = (member: RolloutMember): boolean =>
  member.revert !== null &&
  member.revert.startedAt === null &&
  member.bucket !== MemberBucket.superseded &&
  member.bucket !== MemberBucket.excluded;

const isMoving = (seen: MemberObservation): boolean => seen.moves.some((move) => !isTerminal(move.state));

/** Begins to take nodes back, within the same budget as moves; a node that is just being moved holds its place already. */
export function startReverts(draft: Draft, seen: RolloutObservation, now: number): Draft {
  const { rollout } = draft;
  const budget = new Budget(rollout);
  const changes = new Map<NodeId, RolloutMember>();
  const commands = [...draft.commands];
  let next = draft;
  for (const member of rollout.members) {
    if (!awaitsRevert(member) || member.revert === null) continue;
    const observation = seen.members.get(member.nodeId);
    if (!keepsRelease(observation)) {
      // It went back by itself, or never came to the release: there is nothing to undo.
      changes.set(member.nodeId, { ...member, revert: null });
      continue;
    }
    if (observation?.canGoBack !== true) {
      const message = 'has no release from before to go back to';
      const revert = { reason: NOTHING_TO_GO_BACK_TO, startedAt: now };
      changes.set(member.nodeId, { ...member, bucket: MemberBucket.failed, reason: NOTHING_TO_GO_BACK_TO, message, revert });
      next = told(next, 'RolloutNodeStays', `node cannot go back: it ${message}`, { nodeId: member.nodeId }, 'warning');
      continue;
    }
    // Who is away with the release goes back in its turn when it is here again: a site that returns does not swap all its lines at
    // once. Who is away on its way to the release is stopped at once, and swaps nothing.
    if (member.bucket === MemberBucket.offline && !isMoving(observation)) continue;
    // A node that is just being moved has its place already.
    if (member.bucket !== MemberBucket.working && member.bucket !== MemberBucket.offline) {
      if (budget.refusal(member) !== undefined) continue;
      budget.take(member);
    }
    const bucket = member.bucket === MemberBucket.offline ? MemberBucket.offline : MemberBucket.working;
    changes.set(member.nodeId, { ...member, bucket, reason: null, message: 'going back', revert: { ...member.revert, startedAt: now } });
    commands.push({ type: 'revert', nodeId: member.nodeId, slotIds: member.slotIds, reason: member.revert.reason });
  }
  return { ...changed(next, { members: replaced(rollout, changes) }), commands };
}
