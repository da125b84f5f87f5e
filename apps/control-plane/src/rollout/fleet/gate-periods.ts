import type { RolloutPolicy } from '@takt/rollout';

/** Time after a swap that belongs to neither engine: caches warm, the old process ends. */
export const SETTLE_MS = 2_000;

/**
 * How long the figures of a slot are waited for before a gate looks without them, seconds: a heartbeat or two, and less where the
 * whole soak is short.
 */
export const graceSeconds = ({ soakSeconds }: Pick<RolloutPolicy, 'soakSeconds'>): number => Math.min(60, Math.max(10, soakSeconds / 4));

/** No past reaches further back than an hour: longer ago a factory did something else. */
const LONGEST_PAST_MS = 3_600_000;

/**
 * How far the past reaches that a node is compared with, ms: twice the soak, at least a minute; and as far as the time since the move
 * that is compared with it, since of two periods the shorter one decides how sure a gate can be. An hour at most.
 */
export const pastReachMs = (policy: Pick<RolloutPolicy, 'soakSeconds'>, sinceMoveSeconds = 0): number =>
  Math.min(LONGEST_PAST_MS, Math.max(60_000, policy.soakSeconds * 2_000, sinceMoveSeconds * 1_000));

/** How long a slot must have served what it serves, on the source that its line has, before it is moved, seconds: as long as the soak. */
export const pastNeededSeconds = ({ soakSeconds }: Pick<RolloutPolicy, 'soakSeconds'>): number =>
  Math.min(soakSeconds, LONGEST_PAST_MS / 1_000 / 2);
