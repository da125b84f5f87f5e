import { err, ok } from '@takt/kernel';
import type { Result } from '@takt/kernel';
import { DEPLOYMENT_TRANSITIONS, isTerminal } from './deployment-state.js';
import type { DeploymentState } from './deployment-state.js';

/** What applying a report does to a deployment. */
export type DeploymentStep =
  | { readonly kind: 'transition'; readonly from: DeploymentState; readonly to: DeploymentState }
  /** The report says what the row says already (a repeat, or progress inside a state). */
  | { readonly kind: 'noop' };

/** A report the state table does not allow; the row stays, the refusal is recorded. */
export interface Rejected {
  /** `DeploymentEnded`: the deployment is over. `StateNotAllowed`: this state cannot follow. */
  readonly code: 'DeploymentEnded' | 'StateNotAllowed';
  readonly message: string;
}

/** Decides what a report (of the node, or of the control plane itself) does to a deployment that is in state `current`. */
export function applyDeploymentReport(current: DeploymentState, reported: DeploymentState): Result<DeploymentStep, Rejected> {
  if (reported === current) return ok({ kind: 'noop' });
  if (isTerminal(current))
    return err({ code: 'DeploymentEnded', message: `the deployment ended as ${current} and cannot become ${reported}` });
  if (!DEPLOYMENT_TRANSITIONS[current].includes(reported)) {
    return err({ code: 'StateNotAllowed', message: `a deployment in state ${current} cannot become ${reported}` });
  }
  return ok({ kind: 'transition', from: current, to: reported });
}
