/**
 * States of a deployment: one slot's move to one release on one node. The kill tests are generated from this table, so
 * a state exists here only when it is a row of its own in `deployment_transitions`.
 */
export const DeploymentState = {
  /** The row exists; the node has not begun. */
  pending: 'pending',
  /** The node downloads model, golden set and statistics. */
  fetching: 'fetching',
  /** The statistics file is being made, by this node or another; the node waits for it. */
  calibrating: 'calibrating',
  /** Candidates are emitted, measured and chosen. */
  building: 'building',
  /** The runtime loads and warms the new engine beside the old one. */
  activating: 'activating',
  /** The health window runs. */
  checking: 'checking',
  /** The new engine stays. */
  committed: 'committed',
  /** The runtime went back to the previous engine. */
  rolledBack: 'rolled-back',
  /** It ended before the new engine served. The old one was never left. */
  failed: 'failed',
  /** A newer deployment of the same slot took its place before it ended. */
  superseded: 'superseded',
  /** An operator cancelled it before the new engine was activated. */
  cancelled: 'cancelled',
} as const;
export type DeploymentState = (typeof DeploymentState)[keyof typeof DeploymentState];

/** Which states may follow which. Forward only: a node that restarts reports where it stands, never an earlier state. */
export const DEPLOYMENT_TRANSITIONS: Readonly<Record<DeploymentState, readonly DeploymentState[]>> = {
  pending: ['fetching', 'failed', 'superseded', 'cancelled'],
  fetching: ['calibrating', 'building', 'failed', 'superseded', 'cancelled'],
  calibrating: ['building', 'failed', 'superseded', 'cancelled'],
  building: ['activating', 'failed', 'superseded', 'cancelled'],
  activating: ['checking', 'rolled-back', 'failed', 'superseded'],
  checking: ['committed', 'rolled-back', 'superseded'],
  committed: [],
  'rolled-back': [],
  failed: [],
  superseded: [],
  cancelled: [],
};

export const isTerminal = (state: DeploymentState): boolean => DEPLOYMENT_TRANSITIONS[state].length === 0;
