import type { HealthFinding, HealthPolicy, HealthReport } from './health-policy.js';
import { summarize } from './quantile.js';

export interface HealthReportInput {
  /** Service times in ms of the comparison window; empty where there was no previous engine or no frame. */
  readonly previous: readonly number[];
  readonly candidate: readonly number[];
  readonly deliveredFps: number | null;
  readonly requiredFps: number;
  readonly errors: number;
  readonly framesDropped: number;
  readonly findings: readonly HealthFinding[];
  readonly durationMs: number;
  readonly rollbackMs: number | null;
}

/** The outcome follows from the findings: one broken bound fails. */
export function buildHealthReport(input: HealthReportInput): HealthReport {
  const { previous, candidate, ...rest } = input;
  const outcome = rest.findings.every((finding) => finding.held) ? 'pass' : 'fail';
  return {
    outcome,
    previous: summarize(previous),
    candidate: summarize(candidate),
    ...rest,
    rollbackMs: outcome === 'pass' ? null : rest.rollbackMs,
  };
}

/** The first broken bound; undefined on a pass. */
export const brokenBound = (report: HealthReport): HealthFinding | undefined => report.findings.find((finding) => !finding.held);

/** Bounds of speed: what a policy may leave to somebody else to judge. */
const SPEED: ReadonlySet<string> = new Set(['ServiceTimeP50', 'ServiceTimeP95', 'DeliveredFps']);

/** The first broken bound that leads back under this policy, which names the outcome; undefined where the engine may stay. */
export const decidingBound = (report: HealthReport, policy: HealthPolicy): HealthFinding | undefined =>
  report.findings.find(({ held, code }) => !held && !(policy.onPerformanceBreach === 'report' && SPEED.has(code)));

/** One sentence for people: why the check passed or failed, with its numbers. */
export function describeHealth(report: HealthReport): string {
  const broken = report.findings.filter((finding) => !finding.held);
  const said = (broken.length > 0 ? broken : report.findings).map((finding) => finding.message).join('; ');
  const back =
    report.rollbackMs === null
      ? ''
      : `; the previous engine served every frame again ${(report.rollbackMs / 1000).toFixed(2)} s after the new one's first`;
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${back}.`;
}
