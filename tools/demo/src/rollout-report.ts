import type { DeploymentDetail, EventView, GateView, RolloutDetail } from '@takt/contracts';

type Finding = GateView['findings'][number];

const NAMES: Readonly<Record<string, string>> = {
  ServiceTimeP50: 'service-time p50',
  ServiceTimeP95: 'service-time p95',
  DeliveredFps: 'delivered FPS below its rate by',
  ErrorRate: 'errors',
};

const figure = ({ unit, code }: Finding, value: number | null): string => {
  if (value === null) return '–';
  if (unit === 'nodes') return String(value);
  const percent = `${(value * 100).toFixed(1)} %`;
  return code.startsWith('ServiceTime') && value > 0 ? `+${percent}` : percent;
};

/** What could not be decided is neither held nor broken. */
const markOf = (outcome: GateView['outcome']): string => (outcome === 'successful' ? '✓' : outcome === 'inconclusive' ? '?' : '✗');

/** One bound of a gate: measured, how sure, allowed. */
function findingText(finding: Finding): string {
  const mark = markOf(finding.outcome);
  if (finding.unit === 'nodes') return `      ${mark} ${finding.message}`;
  const interval =
    finding.lower === null || finding.upper === null ? '' : ` (${figure(finding, finding.lower)} to ${figure(finding, finding.upper)})`;
  const against = finding.against === 'policy' ? '' : `, against ${finding.against}`;
  return `      ${mark} ${NAMES[finding.code] ?? finding.code} ${figure(finding, finding.measured)}${interval}, allowed ${figure(finding, finding.bound)}${against}`;
}

function timesText(distributions: GateView['distributions']): string {
  const [before, after] = (['updated before', 'updated after'] as const).map((name) => distributions.find(({ group }) => group === name));
  if (before === undefined || after === undefined || after.frames === 0) return '';
  const pair = (p: 'p50Ms' | 'p95Ms'): string => `${before[p]?.toFixed(1) ?? '–'} → ${after[p]?.toFixed(1) ?? '–'} ms`;
  return `; p50 ${pair('p50Ms')}, p95 ${pair('p95Ms')} over ${String(after.frames)} frames`;
}

/** A decided gate with its numbers. */
export function gateText(gate: GateView): string {
  const { nodes, distributions, findings } = gate;
  return [
    `    ${markOf(gate.outcome)} gate ${gate.outcome} (${gate.reason}): ${String(nodes.measured)} of ${String(nodes.total)} nodes measured, ` +
      `${String(nodes.controls)} control boxes${timesText(distributions)}`,
    ...findings.map(findingText),
  ].join('\n');
}

const seconds = (from: string, to: string): string => `${((Date.parse(to) - Date.parse(from)) / 1000).toFixed(1)} s`;

const at = (deployment: DeploymentDetail, state: DeploymentDetail['state']): string | undefined =>
  deployment.transitions.find((transition) => transition.state === state)?.at;

/** The node saved itself: how long that took, and when the fleet's gate drew its conclusion. */
export function localLoopText(move: DeploymentDetail, endedAt: string | null): string {
  const back = move.health?.rollbackMs;
  const rest = endedAt === null || move.endedAt === null ? '' : `; the rollout ended ${seconds(move.endedAt, endedAt)} later`;
  return (
    `  ➜ the LOCAL loop acted: ${move.node.name} rolled back without the fleet, ` +
    `${back === null || back === undefined ? '–' : `${(back / 1000).toFixed(1)} s`} after the new engine's first frame${rest}; no other node was touched`
  );
}

/** The fleet's gate had the canary rolled back: what it decided, and how long the line was on the slow engine. */
export function fleetLoopText(rollout: Pick<RolloutDetail, 'gates'>, move: DeploymentDetail, revert: DeploymentDetail): string {
  const back = revert.endedAt ?? revert.updatedAt;
  const [first, committed] = [at(move, 'checking'), at(move, 'committed')];
  const gate = rollout.gates.at(-1);
  const decided = gate === undefined ? 'no gate was measured' : `its gate ended as ${gate.outcome} (${gate.reason})`;
  return (
    `  ➜ the FLEET loop acted: ${move.node.name} kept the slow engine (${move.reason ?? move.state}), ${decided}, and the fleet rolled it back; ` +
    `the engine before serves again ${first === undefined ? '–' : seconds(first, back)} after the new one's first frame, ` +
    `${committed === undefined ? '–' : seconds(committed, back)} after its commit`
  );
}

export const eventText = (event: EventView): string => `  event ${String(event.seq)}: ${event.code} by ${event.actor}: ${event.message}`;
