import { randomUUID } from 'node:crypto';
import type { RolloutDetail, RolloutPolicyInput } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { Database, RolloutRow, Stores } from '@takt/persistence';
import { applyIntent } from '@takt/rollout';
import type { Rollout, RolloutIntent } from '@takt/rollout';
import { notFound, refused } from '../../errors.js';
import { seesSite } from '../../http/context.js';
import type { RequestContext } from '../../http/context.js';
import { recordRolloutEvents } from './carry-out.js';
import { mergePolicy } from './rollout-policy.js';
import type { RolloutQueries } from './rollout-queries.js';

export type PlainIntent = Extract<RolloutIntent, { reason: string | null }>['type'] &
  ('pause' | 'resume' | 'approve' | 'abort' | 'rollback');

/** What people want of a rollout: noted in its rows at once, and carried out by the reconcilers. */
export class ChangeRollout {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly queries: RolloutQueries,
  ) {}

  async intent(ctx: RequestContext, ref: string, type: PlainIntent, reason: string | null): Promise<RolloutDetail> {
    return this.#change(ctx, ref, () => ({ type, actor: ctx.actor, reason }));
  }

  async policy(ctx: RequestContext, ref: string, input: RolloutPolicyInput, reason: string): Promise<RolloutDetail> {
    if (input.waves !== undefined) {
      throw refused(
        'PolicyInvalid',
        'the waves of a rollout are fixed when it starts',
        'leave `waves` out; to move in other waves abort it and start another',
        ref,
      );
    }
    return this.#change(ctx, ref, (rollout) => {
      const localRollback =
        input.localRollback === undefined
          ? {}
          : { localRollback: { ...input.localRollback, reason: input.localRollback.reason ?? reason } };
      return { type: 'policy', actor: ctx.actor, reason, policy: mergePolicy({ ...input, ...localRollback }, rollout.policy) };
    });
  }

  async #change(ctx: RequestContext, ref: string, wanted: (rollout: Rollout) => RolloutIntent): Promise<RolloutDetail> {
    const now = new Date(this.clock.now());
    const id = await this.db.transaction(async (stores) => {
      const { row, rollout } = await lockVisible(stores, ctx, ref);
      const intent = wanted(rollout);
      const step = applyIntent(rollout, intent, now.getTime());
      if (!step.ok) {
        throw refused(
          step.error.code,
          `${row.name}: ${step.error.message}`,
          `see where it stands: \`takt rollout show ${row.name}\``,
          row.name,
        );
      }
      await stores.rollouts.save(row, rollout, step.value.rollout, now, randomUUID);
      recordRolloutEvents(stores, row, ctx.actor, rollout.members, step.value.events, now);
      return row.id;
    });
    return this.queries.get(ctx, id);
  }
}

/** Whoever acts on a rollout must be responsible for every site it touches. */
async function lockVisible(stores: Stores, ctx: RequestContext, ref: string): Promise<{ row: RolloutRow; rollout: Rollout }> {
  const found = await stores.rollouts.find(ref);
  const row = found === null ? null : await stores.rollouts.lock(found.id);
  if (row === null) throw notFound('rollout', ref);
  const rollout = await stores.rollouts.load(row);
  const seen = rollout.members.filter((member) => seesSite(ctx, member.siteId));
  if (seen.length === 0 && rollout.members.length > 0) throw notFound('rollout', ref);
  if (seen.length < rollout.members.length) {
    throw refused(
      'SiteScopeTooNarrow',
      `rollout ${row.name} also moves nodes of sites that ${ctx.actor} is not responsible for`,
      'ask somebody whose token covers all of its sites',
      row.name,
    );
  }
  return { row, rollout };
}
