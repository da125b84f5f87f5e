import type { DeploymentView, Explanation } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatCount, formatDuration, formatFps, formatMs, NONE } from './figures.js';
import { renderTable } from './table.js';

type Health = NonNullable<DeploymentView['health']>;
type Finding = Explanation['findings'][number];

const figure = (value: number, unit: string): string => {
  if (unit === 'ms') return formatMs(value);
  if (unit === 'fps') return formatFps(value);
  return unit === 'count' ? formatCount(value) : String(Number(value.toPrecision(4)));
};

/** One row per bound: what was measured, what was allowed, whether it held. */
export function renderFindings(findings: readonly Finding[], style: Style): string {
  if (findings.length === 0) return '';
  return renderTable<Finding>(
    [
      { heading: 'Check', value: (row) => row.code },
      { heading: 'Measured', value: (row) => figure(row.measured, row.unit), align: 'right' },
      { heading: 'Bound', value: (row) => figure(row.bound, row.unit), align: 'right' },
      { heading: 'Unit', value: (row) => row.unit },
      { heading: 'Held', value: (row) => (row.held ? style.good('yes') : style.bad('no')) },
      { heading: 'Message', value: (row) => row.message },
    ],
    findings,
    style,
  );
}

const serviceWords = (time: Health['previous']): string =>
  time === null ? NONE : `p50 ${formatMs(time.p50Ms)} ms, p95 ${formatMs(time.p95Ms)} ms over ${String(time.frames)} frames`;

/** The health check's figures: before, after, and how long the way back took. */
export function healthPairs(health: Health): [name: string, value: string][] {
  return [
    ['Service time before', serviceWords(health.previous)],
    ['Service time after', serviceWords(health.candidate)],
    ['Delivered', `${formatFps(health.deliveredFps)} FPS of ${formatFps(health.requiredFps)} required`],
    ['Errors, drops', `${String(health.errors)} errors, ${String(health.framesDropped)} frames dropped`],
    ['Check took', formatDuration(health.durationMs / 1000)],
    ...(health.rollbackMs === null ? [] : ([['Rollback took', formatDuration(health.rollbackMs / 1000)]] as [string, string][])),
  ];
}
