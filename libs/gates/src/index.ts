export { COMPARISON, assessComparison, comparedEngine, isComparisonLook } from './assess-comparison.js';
export type { Comparison, Verdict } from './assess-comparison.js';
export { SOLO_FAILS_BELOW, assessSolo, maxSoloFrames } from './assess-solo.js';
export type { SoloAssessment, SoloObservation } from './assess-solo.js';
export { assessAccuracy, assessAttempts, assessDeadline, assessErrors, noFrames, notMeasured } from './bounds.js';
export { assessGate, isEnough } from './fleet/assess-gate.js';
export type { GateInput } from './fleet/assess-gate.js';
export { figuresUntil, lookAt } from './fleet/planned-looks.js';
export type { Look } from './fleet/planned-looks.js';
export type { Interval, PeriodInterval, SlotFigures } from './fleet/interval.js';
export { DEFAULT_GATE_POLICY, FindingOutcomes, GateOutcome } from './fleet/gate-policy.js';
export type { FindingOutcome, GateDistribution, GateFinding, GatePolicy, GateReport } from './fleet/gate-policy.js';
export {
  HISTOGRAM_BUCKETS,
  HISTOGRAM_GROWTH,
  bucketOf,
  edgeOf,
  framesIn,
  histogramBetween,
  histogramQuantile,
  mergeHistograms,
} from './fleet/service-histogram.js';
export type { Histogram } from './fleet/service-histogram.js';
export { DEFAULT_HEALTH_POLICY } from './health-policy.js';
export type { HealthFinding, HealthPolicy, HealthReport, ServiceTime } from './health-policy.js';
export { brokenBound, buildHealthReport, decidingBound, describeHealth } from './health-report.js';
export type { HealthReportInput } from './health-report.js';
export { quantile, quantileOfSorted, summarize } from './quantile.js';
export { seededRandom } from './random.js';
