/**
 * When a paced camera shows its frames: frame k is due k / fps seconds after the start, on a monotonic clock. Lateness never
 * adds up, and a jump of the wall clock changes nothing.
 */
export interface Schedule {
  /** Monotonic ms at which frame `number` (from 0) is due. */
  dueAt(number: number): number;
  /** How many frames are due by `now`. */
  dueBy(now: number): number;
}

export function createSchedule(startedAt: number, fps: number): Schedule {
  const periodMs = 1000 / fps;
  return {
    dueAt: (number) => startedAt + number * periodMs,
    // The small addition keeps a frame whose due time was rounded up from being taken for the next wake-up.
    dueBy: (now) => Math.max(0, Math.floor((now - startedAt) / periodMs + 1e-6) + 1),
  };
}
