import type { DeploymentId } from '@takt/kernel';
import { isTerminal } from './deployment-state.js';
import type { DeploymentState } from './deployment-state.js';

/** What a slot should serve, and what it goes back to. */
export interface SlotTargets {
  /** Named by desired state; null takes nothing away from what runs. */
  readonly target: DeploymentId | null;
  /** The last committed deployment. */
  readonly active: DeploymentId | null;
}

interface DeploymentNow {
  readonly id: DeploymentId;
  readonly state: DeploymentState;
}

/** A new deployment takes the slot: it becomes the target; one that has not ended is superseded. */
export function startDeployment(
  slot: SlotTargets,
  current: DeploymentNow | null,
  next: DeploymentId,
): { readonly slot: SlotTargets; readonly superseded: DeploymentId | null } {
  const superseded = current !== null && !isTerminal(current.state) ? current.id : null;
  return { slot: { target: next, active: slot.active }, superseded };
}

/**
 * Where a slot stands once a deployment is in `state`. A commit makes it the active one; every other end of the *target*
 * sends the slot back to the active one, which is a new desired generation and never a rewritten history.
 */
export function slotAfter(slot: SlotTargets, deployment: DeploymentNow): SlotTargets {
  switch (deployment.state) {
    case 'committed':
      return slot.target === deployment.id ? { target: slot.target, active: deployment.id } : slot;
    case 'rolled-back':
    case 'failed':
    case 'cancelled':
      return slot.target === deployment.id ? { target: slot.active, active: slot.active } : slot;
    case 'superseded':
    case 'pending':
    case 'fetching':
    case 'calibrating':
    case 'building':
    case 'activating':
    case 'checking':
      return slot;
  }
}
