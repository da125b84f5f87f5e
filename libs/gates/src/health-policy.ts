/** Bounds a new engine must keep to stay. Part of a release; the defaults are what a release gets that names none. */
export interface HealthPolicy {
  /** Frames each engine serves in the comparison window, alternating in short blocks so that both meet the same load. */
  readonly windowFrames: number;
  /** The window is extended up to this many frames per engine while a breach is seen but not shown. */
  readonly maxWindowFrames: number;
  /** Frames the new engine then serves alone, over which delivered FPS is judged. */
  readonly soloFrames: number;
  /** Allowed increase of service-time p50 and p95 against the previous engine, as a fraction. */
  readonly maxServiceTimeIncrease: number;
  /** Allowed share of frames that end in an error, as a fraction. */
  readonly maxErrorRate: number;
  /** Times the new engine may be started before it is given up (crash, hang, reboot). */
  readonly maxAttempts: number;
  /**
   * Time without progress after which an unfinished check is given up, in ms of monotonic time while the runtime ran. Progress is a
   * frame that was judged, or the engines being ready; so a slow camera has all the time that its frames take.
   */
  readonly deadlineMs: number;
  /**
   * What a breach of service time or delivered FPS leads to. `report`: the engine stays and the breach is reported; somebody else
   * watches. Crashes, errors, accuracy and the deadline lead back in any case.
   */
  readonly onPerformanceBreach: 'roll-back' | 'report';
}

export const DEFAULT_HEALTH_POLICY: HealthPolicy = {
  windowFrames: 100,
  maxWindowFrames: 400,
  soloFrames: 60,
  maxServiceTimeIncrease: 0.1,
  maxErrorRate: 0.01,
  maxAttempts: 3,
  deadlineMs: 180_000,
  onPerformanceBreach: 'roll-back',
};

/** Distribution of service time: frame taken to result handed to the sink, in ms. */
export interface ServiceTime {
  readonly frames: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** One bound, what was measured against it, and whether it held. */
export interface HealthFinding {
  /** Stable code: `ServiceTimeP50`, `ServiceTimeP95`, `DeliveredFps`, `ErrorRate`, `Accuracy`, `Attempts`, `Deadline`, `NotMeasured`. */
  readonly code: string;
  readonly held: boolean;
  readonly measured: number;
  readonly bound: number;
  /** `ms`, `fps`, `fraction`, `points` or `count`. */
  readonly unit: string;
  /** One sentence with the numbers. */
  readonly message: string;
}

/** What a health check found; kept as the evidence of a commit or a rollback. */
export interface HealthReport {
  readonly outcome: 'pass' | 'fail';
  readonly previous: ServiceTime | null;
  readonly candidate: ServiceTime | null;
  readonly deliveredFps: number | null;
  readonly requiredFps: number;
  readonly errors: number;
  readonly framesDropped: number;
  readonly findings: readonly HealthFinding[];
  /** From activation to the outcome, ms of monotonic time. */
  readonly durationMs: number;
  /** From the first frame of the failed engine to the previous engine serving every frame again, ms; null where none went back. */
  readonly rollbackMs: number | null;
}
