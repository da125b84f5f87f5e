import type { JwtLife } from '@takt/messaging';
import type { ConditionSays } from '../state/state-condition.js';

/** How far this node's clock may be from the control plane's before it counts as wrong, ms. */
const CLOCK_TOLERANCE_MS = 5 * 60_000;

export const IdentityState = { fresh: 'fresh', due: 'due', expired: 'expired' } as const;
export type IdentityState = (typeof IdentityState)[keyof typeof IdentityState];

/** When a JWT was issued, on the monotonic clock of this process, ms. */
export interface IdentityAge {
  readonly lifeMs: number | undefined;
  readonly issuedAt: number;
}

/** A JWT that has just arrived is new, whatever the wall clock says. */
export const receivedNow = ({ lifeMs }: JwtLife, monotonic: number): IdentityAge => ({ lifeMs, issuedAt: monotonic });

/**
 * A JWT from disk: only the wall clock can say how old it is. Where that is wrong, the JWT is renewed once too early, or
 * the server refuses it and the node joins again; from then on `receivedNow` holds.
 */
export const readFromDisk = ({ lifeMs, issuedAtMs }: JwtLife, now: number, monotonic: number): IdentityAge => ({
  lifeMs,
  issuedAt: monotonic - Math.max(0, now - issuedAtMs),
});

/** @param share part of the life after which it is renewed, 0–1 */
export const identityState = ({ lifeMs, issuedAt }: IdentityAge, monotonic: number, share: number): IdentityState => {
  if (lifeMs === undefined) return IdentityState.fresh;
  const age = monotonic - issuedAt;
  if (age >= lifeMs) return IdentityState.expired;
  return age >= lifeMs * share ? IdentityState.due : IdentityState.fresh;
};

/** The wall clock of this node against the server's, which a JWT carries at the moment it arrives. */
export const clockCondition = ({ issuedAtMs }: Pick<JwtLife, 'issuedAtMs'>, now: number): ConditionSays => {
  const aheadMs = now - issuedAtMs;
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) {
    return { status: 'true', reason: 'Agrees', message: 'the clock of this node agrees with the control plane', action: null };
  }
  const minutes = Math.round(Math.abs(aheadMs) / 60_000);
  return {
    status: 'false',
    reason: 'ClockWrong',
    message: `the clock of this node is ${String(minutes)} min ${aheadMs > 0 ? 'ahead of' : 'behind'} the control plane's`,
    action: 'set the clock of the node (timedatectl, chronyc tracking); times in its reports are wrong until then',
  };
};
