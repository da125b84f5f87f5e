import type { GateView, RolloutCounts, RolloutDetail, RolloutView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatDuration, NONE } from './figures.js';

type Policy = RolloutView['policy'];
type Finding = GateView['findings'][number];

/** A phase, step, bucket or outcome, coloured by whether a person should look at it. */
export function progressWord(word: string, style: Style): string {
  switch (word) {
    case 'succeeded':
    case 'successful':
    case 'passed':
      return style.good(word);
    case 'failed':
    case 'rolled-back':
    case 'rolling-back':
    case 'error':
    case 'aborted':
      return style.bad(word);
    case 'pending':
    case 'superseded':
    case 'excluded':
    case 'cancelled':
      return style.dim(word);
    default:
      return style.warn(word);
  }
}

const BUCKETS = ['succeeded', 'working', 'pending', 'offline', 'deferred', 'failed', 'rolled-back', 'superseded', 'excluded'] as const;

/** `2 succeeded, 1 working`: the buckets that hold nodes. */
export const countWords = (counts: RolloutCounts): string =>
  BUCKETS.filter((bucket) => counts[bucket] > 0)
    .map((bucket) => `${String(counts[bucket])} ${bucket}`)
    .join(', ') || 'no node';

const SHORT: Readonly<Record<string, string>> = {
  ServiceTimeP50: 'p50',
  ServiceTimeP95: 'p95',
  DeliveredFps: 'FPS shortfall',
  ErrorRate: 'errors',
  NodesFailed: 'failed',
  NodesMeasured: 'measured',
  LinesBelowRate: 'lines below rate',
};

/** A figure of a gate: percent with a sign for a change of service time, plain for a share, a count for nodes. */
export function findingFigure({ code, unit }: Finding, value: number | null): string {
  if (value === null) return NONE;
  if (unit === 'nodes') return String(value);
  const percent = `${(value * 100).toFixed(1)} %`;
  return code.startsWith('ServiceTime') && value >= 0 ? `+${percent}` : percent;
}

/** `p50 +1.2 % (−0.4 % to +2.9 %, allowed +10.0 %) against control and past`. */
export function findingWords(finding: Finding): string {
  const figure = (value: number | null): string => findingFigure(finding, value);
  const interval = finding.lower === null || finding.upper === null ? '' : `${figure(finding.lower)} to ${figure(finding.upper)}, `;
  const bound = finding.code === 'NodesMeasured' ? 'needed' : 'allowed';
  return `${SHORT[finding.code] ?? finding.code} ${figure(finding.measured)} (${interval}${bound} ${figure(finding.bound)})`;
}

/** What a gate measured, in one line: the bounds that decide first. */
export const gateFigures = (gate: GateView): string =>
  gate.findings
    .filter((finding) => finding.unit === 'fraction' || finding.outcome !== 'successful')
    .map(findingWords)
    .join(', ');

export const waveName = (rollout: RolloutView, index: number): string => rollout.waves[index]?.name ?? `wave ${String(index + 1)}`;

/** What `takt explain gate` takes: the rollout's name, the wave from 1, the hardware profile. */
export const gateRef = (gate: GateView): string => `${gate.rollout.name}/${String(gate.wave + 1)}/${gate.profile}`;

const sizeWord = (size: Policy['waves'][number]): string =>
  size.kind === 'nodes' ? `${String(size.perProfile)} per profile` : `up to ${String(size.upTo)} %`;

const percent = (fraction: number): string => `${String(Number((fraction * 100).toFixed(2)))} %`;

/** The policy as pairs; what is left out says nothing to an operator. */
export function policyPairs(policy: Policy): [name: string, value: string][] {
  const { gate, onGate, localRollback } = policy;
  return [
    ['Waves', policy.waves.map(sizeWord).join(', then ')],
    ['Moved at a time', `${String(policy.maxConcurrent)} nodes, ${String(policy.maxPerLine)} per line`],
    ['Soak', `${formatDuration(policy.soakSeconds)}, decided within ${formatDuration(policy.maxSoakSeconds)}`],
    ['Approval', policy.approval],
    [
      'Gate margins',
      `p50 +${percent(gate.maxServiceTimeP50Increase)}, p95 +${percent(gate.maxServiceTimeP95Increase)}, ` +
        `FPS −${percent(gate.maxDeliveredFpsShortfall)}, errors ${percent(gate.maxErrorRate)}; shown with ${percent(gate.confidence)}`,
    ],
    ['After a gate', `failed: ${onGate.failed}, inconclusive: ${onGate.inconclusive}, error: ${onGate.error}`],
    [
      'Local rollback',
      localRollback.onPerformanceBreach === 'report'
        ? `off for breaches of speed: ${localRollback.reason ?? 'no reason given'}`
        : 'on: a node goes back from a slow engine by itself',
    ],
  ];
}

/** What the rollout waits for, in a few words; empty once it has ended. */
export function waitingFor(detail: RolloutDetail): string {
  const { hold, phase, currentWave } = detail;
  if (hold !== null) return hold.message;
  if (phase === 'paused') return 'paused by an operator';
  if (phase === 'rolling-back') return 'moved nodes go back';
  if (phase !== 'running') return '';
  const gates = detail.gates.filter(({ wave, outcome }) => wave === currentWave && outcome === 'running');
  const missing = gates.flatMap((gate) => gate.missing.slice(0, 1).map((what) => `${gate.profile}: ${what}`));
  if (missing.length > 0) return missing.join('; ');
  const step = detail.waves[currentWave]?.step;
  return step === 'soaking' ? 'the gate measures' : 'nodes are moved';
}
