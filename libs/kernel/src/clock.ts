/** Time as a port: domain code gets numbers, only apps own a clock. */
export interface Clock {
  /** Wall clock, ms since the epoch. May jump; never use it to measure durations or health windows. */
  now(): number;
  /** Monotonic time in ms from an arbitrary start. */
  monotonic(): number;
}
