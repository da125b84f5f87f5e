/** Pauses between two passes of background work, ms. With `Infinity` it runs only when its pass is called. */
export interface Pauses {
  /** Writing of heartbeats; no longer than the time between two samples. */
  readonly heartbeats: number;
  /** Assigning jobs, reclaiming those of lost nodes, deleting old rows. */
  readonly jobs: number;
  readonly rollouts: number;
  /** Live figures of the fleet, while anyone listens. */
  readonly fleetFigures: number;
}

export const DEFAULT_PAUSES: Pauses = { heartbeats: 2_000, jobs: 2_000, rollouts: 1_000, fleetFigures: 2_000 };
