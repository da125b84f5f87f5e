import type { GateView } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { formatCount, formatFps, formatMs, NONE } from './figures.js';
import { findingFigure, gateRef, progressWord } from './rollout-words.js';
import { joinSections } from './sections.js';
import { renderTable } from './table.js';

type Finding = GateView['findings'][number];
type Distribution = GateView['distributions'][number];

const interval = (finding: Finding): string =>
  finding.lower === null || finding.upper === null
    ? NONE
    : `${findingFigure(finding, finding.lower)} to ${findingFigure(finding, finding.upper)}`;

export function renderGateFindings(findings: readonly Finding[], style: Style): string {
  if (findings.length === 0) return '';
  return renderTable<Finding>(
    [
      { heading: 'Bound', value: (row) => row.code },
      { heading: 'Against', value: (row) => row.against },
      { heading: 'Measured', value: (row) => findingFigure(row, row.measured), align: 'right' },
      { heading: 'Interval', value: interval, align: 'right' },
      { heading: 'Allowed', value: (row) => findingFigure(row, row.bound), align: 'right' },
      { heading: 'Outcome', value: (row) => progressWord(row.outcome, style) },
    ],
    findings,
    style,
  );
}

export function renderDistributions(distributions: readonly Distribution[], style: Style): string {
  if (distributions.length === 0) return '';
  return renderTable<Distribution>(
    [
      { heading: 'Group', value: (row) => row.group },
      { heading: 'Slots', value: (row) => formatCount(row.slots), align: 'right' },
      { heading: 'Frames', value: (row) => formatCount(row.frames), align: 'right' },
      { heading: 'p50 (ms)', value: (row) => formatMs(row.p50Ms), align: 'right' },
      { heading: 'p95 (ms)', value: (row) => formatMs(row.p95Ms), align: 'right' },
      { heading: 'p99 (ms)', value: (row) => formatMs(row.p99Ms), align: 'right' },
      { heading: 'Delivered (FPS)', value: (row) => formatFps(row.deliveredFps), align: 'right' },
    ],
    distributions,
    style,
  );
}

/** Which of its planned looks decided, or when the next one is. */
function lookLine({ look, decidedAt }: GateView): string[] {
  if (look === null) return [];
  const { number, planned, upToSeconds, confidenceToPass, confidenceToFail, nextAtSeconds } = look;
  const to =
    confidenceToPass === null
      ? `fails at ${share(confidenceToFail)}, cannot pass yet`
      : `passes at ${share(confidenceToPass)}, fails at ${share(confidenceToFail)}`;
  const next = decidedAt !== null || nextAtSeconds === null ? '' : `; next after ${String(nextAtSeconds)} s of soak`;
  return [`look ${String(number)} of ${String(planned)}, at ${String(upToSeconds)} s of soak: ${to} confidence${next}`];
}

const share = (fraction: number): string => `${(fraction * 100).toFixed(1)} %`;

/** One gate: its outcome, the nodes it counted, its bounds, and what they were measured on. */
export function renderGate(gate: GateView, style: Style): string {
  const { nodes, decidedBy } = gate;
  const by = decidedBy === null ? '' : `, decided by ${decidedBy}`;
  const head = [
    `${style.bold(`Gate ${gateRef(gate)}`)}: ${progressWord(gate.outcome, style)} (${gate.reason}${by})`,
    gate.message,
    `${String(nodes.measured)} of ${String(nodes.total)} nodes measured against ${String(nodes.controls)} control boxes; ` +
      `${String(nodes.succeeded)} succeeded, ${String(nodes.rolledBack)} went back, ${String(nodes.failed)} failed`,
    ...lookLine(gate),
    ...gate.missing.map((what) => `missing: ${what}`),
    ...(gate.suggestedAction === null ? [] : [`${style.bold('Next:')} ${gate.suggestedAction}`]),
  ];
  return joinSections(
    head
      .filter((text) => text !== '')
      .map(oneLine)
      .join('\n'),
    renderGateFindings(gate.findings, style),
    renderDistributions(gate.distributions, style),
  );
}
