import { asId } from '@takt/kernel';
import type { NodeId, RolloutId, SlotId } from '@takt/kernel';
import type { EntityManager } from 'typeorm';

interface ObservedSlotRow {
  node_id: string;
  slot_id: string;
  online: boolean;
  required_fps: number;
  source_since: Date;
  active_id: string | null;
  active_since: Date | null;
  previous_since: Date | null;
  target_id: string | null;
  target_rollout: string | null;
  target_open: boolean;
  target_given_up: boolean;
  newest_id: string | null;
  newest_rollout: string | null;
  newest_at: Date | null;
  intervals: number | null;
  frames: number | null;
  seconds: number | null;
}
/** A slot of a rollout as the rows show it now. */
export interface ObservedSlot {
  readonly nodeId: NodeId;
  readonly slotId: SlotId;
  readonly online: boolean;
  readonly requiredFps: number;
  /** Since when its line has the source that it has. */
  readonly sourceSince: Date;
  /** The last committed deployment, and since when it serves. */
  readonly activeId: string | null;
  readonly activeSince: Date | null;
  /** Since when it had what it had before this rollout moved it; null where it was not moved, or had nothing. */
  readonly previousSince: Date | null;
  /** `givenUp`: it is of a rollout that was superseded or aborted, so nothing is lost when another takes its place. */
  readonly target: { readonly id: string; readonly rolloutId: string | null; readonly open: boolean; readonly givenUp: boolean } | null;
  readonly newest: { readonly id: string; readonly rolloutId: string | null; readonly createdAt: Date } | null;
  /** Intervals between samples of what it serves now, results in them and the time they cover, none across a restart of its runtime; 0 for a slot that was moved. */
  readonly past: { readonly intervals: number; readonly frames: number; readonly seconds: number };
}

/** Reads what runs on the nodes of a rollout. */
export class ObservedSlotStore {
  readonly #manager: EntityManager;

  constructor(manager: EntityManager) {
    this.#manager = manager;
  }

  /**
   * Every slot of the rollout's nodes that takes part, with what runs on it now. `past` says which samples count as figures of that:
   * those after it and its line's source had settled, and after `since`.
   */
  async ofRollout(rolloutId: RolloutId, past: { readonly settleMs: number; readonly since: Date }): Promise<ObservedSlot[]> {
    const rows: ObservedSlotRow[] = await this.#manager.query(
      `SELECT m.node_id, s.id AS slot_id, coalesce(l.online, false) AS online, line.required_fps, line.source_since, s.active_id, active.ended_at AS active_since,
         previous.ended_at AS previous_since,
         target.id AS target_id, target.rollout_id AS target_rollout, target.id IS NOT NULL AND target.ended_at IS NULL AS target_open,
         coalesce(target_rollout.phase IN ('superseded', 'aborted'), false) AS target_given_up,
         newest.id AS newest_id, newest.rollout_id AS newest_rollout, newest.created_at AS newest_at, past.intervals, past.frames, past.seconds
       FROM rollout_members m JOIN rollouts r ON r.id = m.rollout_id
         JOIN LATERAL jsonb_array_elements_text(m.slot_ids) AS slot_id(value) ON true
         JOIN slots s ON s.id = slot_id.value::uuid JOIN lines line ON line.id = s.line_id
         LEFT JOIN node_liveness l ON l.node_id = m.node_id
         LEFT JOIN deployments target ON target.id = s.target_id LEFT JOIN rollouts target_rollout ON target_rollout.id = target.rollout_id LEFT JOIN deployments active ON active.id = s.active_id
         LEFT JOIN LATERAL (SELECT id, rollout_id, created_at FROM deployments d WHERE d.slot_id = s.id ORDER BY created_at DESC, id DESC LIMIT 1) newest ON true
         LEFT JOIN LATERAL (
           SELECT p.ended_at FROM deployments mv JOIN deployments p ON p.id = mv.previous_id
           WHERE mv.slot_id = s.id AND mv.rollout_id = $1 AND mv.revert_of IS NULL ORDER BY mv.created_at DESC LIMIT 1) previous ON true
         LEFT JOIN LATERAL (
           SELECT sum(run.readings - 1)::int AS intervals, sum(run.frames)::float8 AS frames, sum(run.ms) / 1000 AS seconds FROM (
             SELECT count(DISTINCT x.elapsed_ms) AS readings, max(x.delivered) - min(x.delivered) AS frames,
               max(x.elapsed_ms) - min(x.elapsed_ms) AS ms FROM slot_samples x
             WHERE x.slot_id = s.id AND x.at >= greatest(greatest(active.ended_at, line.source_since) + $2 * interval '1 millisecond', $3::timestamptz)
             GROUP BY x.since) run
         ) past ON m.moved_at IS NULL AND l.online AND m.wave <= r.current_wave AND m.bucket IN ('pending', 'deferred')
       WHERE m.rollout_id = $1`,
      [rolloutId, past.settleMs, past.since],
    );
    return rows.map((row) => ({
      nodeId: asId<NodeId>(row.node_id),
      slotId: asId<SlotId>(row.slot_id),
      online: row.online,
      requiredFps: row.required_fps,
      sourceSince: row.source_since,
      activeId: row.active_id,
      activeSince: row.active_since,
      previousSince: row.previous_since,
      past: { intervals: row.intervals ?? 0, frames: row.frames ?? 0, seconds: row.seconds ?? 0 },
      target:
        row.target_id === null
          ? null
          : { id: row.target_id, rolloutId: row.target_rollout, open: row.target_open, givenUp: row.target_given_up },
      newest:
        row.newest_id === null || row.newest_at === null
          ? null
          : { id: row.newest_id, rolloutId: row.newest_rollout, createdAt: row.newest_at },
    }));
  }
}
