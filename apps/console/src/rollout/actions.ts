import { allowsIntent } from '@takt/rollout';
import type { RolloutPhase } from '@takt/rollout';

/** The likeliest first. */
export const ROLLOUT_ACTIONS = ['approve', 'resume', 'pause', 'abort', 'rollback'] as const;
export type RolloutAction = (typeof ROLLOUT_ACTIONS)[number];

/** What an operator may do in a phase, by the machine's own rules. */
export const allowedActions = (phase: RolloutPhase): RolloutAction[] => ROLLOUT_ACTIONS.filter((action) => allowsIntent(phase, action));

/** Overriding a gate, ending and going back are never done without a word about why. */
export const needsReason = (action: RolloutAction, phase: RolloutPhase): boolean =>
  action === 'abort' || action === 'rollback' || (action === 'approve' && phase === 'held');
