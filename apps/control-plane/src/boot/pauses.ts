/** Pauses between two passes of what runs by itself, ms. With `Infinity` it runs only when its pass is called. */
export interface Pauses {
  /** Writing of heartbeats; no longer than the time between two samples. */
  readonly heartbeats: number;
  /** Jobs given out and taken back, and old rows deleted. */
  readonly jobs: number;
  readonly rollouts: number;
  /** Live figures of the fleet, while anyone listens. */
  readonly fleetFigures: number;
}

export const DEFAULT_PAUSES: Pauses = { heartbeats: 2_000, jobs: 2_000, rollouts: 1_000, fleetFigures: 2_000 };
