import type { RolloutPolicy } from '@takt/rollout';

/** Time after a swap that belongs to neither engine: caches warm, the old process ends. */
export const SETTLE_MS = 2_000;

/**
 * How long the figures of a slot are waited for before a gate looks without them, seconds: a heartbeat or two, and less where the
 * whole soak is short.
 */
export const graceSeconds = ({ soakSeconds }: Pick<RolloutPolicy, 'soakSeconds'>): number => Math.min(60, Math.max(10, soakSeconds / 4));

/** How far the past reaches that a node is compared with, ms: twice the soak, from a minute to an hour. */
export const pastReachMs = (policy: Pick<RolloutPolicy, 'soakSeconds'>): number =>
  Math.min(3_600_000, Math.max(60_000, policy.soakSeconds * 2_000));
