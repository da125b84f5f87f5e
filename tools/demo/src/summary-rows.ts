import type { DeploymentDetail, RolloutDetail } from '@takt/contracts';
import { chosenCandidate } from './report.js';
import type { SummaryRow } from './summary.js';

const capacity = (deployment: DeploymentDetail | undefined): number | null =>
  (deployment === undefined ? undefined : chosenCandidate(deployment))?.speed.capacityFps ?? null;

/** FPS that an engine could serve at the median service time the runtime measured in its check. */
const serviceFps = (service: { readonly p50Ms: number } | null | undefined): number | null =>
  service === null || service === undefined || service.p50Ms <= 0 ? null : 1000 / service.p50Ms;

const seconds = (ms: number | null | undefined): number | null => (ms === null || ms === undefined ? null : ms / 1000);

const between = (from: string | undefined, to: string): number | null =>
  from === undefined ? null : (Date.parse(to) - Date.parse(from)) / 1000;

const at = (deployment: DeploymentDetail, state: DeploymentDetail['state']): string | undefined =>
  deployment.transitions.find((transition) => transition.state === state)?.at;

/** A node that serves the engine it built and chose for itself. */
export const improvedRow = (rollout: RolloutDetail, before: DeploymentDetail | undefined, after: DeploymentDetail): SummaryRow => ({
  what: `${after.node.name}: engine of its own`,
  actedBy: '–',
  seconds: between(after.createdAt, at(after, 'committed') ?? after.updatedAt),
  fpsBefore: capacity(before),
  fpsAfter: capacity(after),
  rollout: rollout.name,
});

/** The slow engine that the node's own loop rolled back. */
export const localRow = (move: DeploymentDetail): SummaryRow => ({
  what: `${move.node.name}: slow engine`,
  actedBy: 'local loop',
  seconds: seconds(move.health?.rollbackMs),
  fpsBefore: serviceFps(move.health?.previous),
  fpsAfter: serviceFps(move.health?.candidate),
  rollout: move.rollout?.name ?? 'latest',
});

/** The slow engine that the fleet's gate rolled back. */
export const fleetRow = (rollout: RolloutDetail, move: DeploymentDetail, revert: DeploymentDetail): SummaryRow => ({
  what: `${move.node.name}: slow engine`,
  actedBy: 'fleet loop',
  seconds: between(at(move, 'checking'), revert.endedAt ?? revert.updatedAt),
  fpsBefore: serviceFps(move.health?.previous),
  fpsAfter: serviceFps(move.health?.candidate),
  rollout: rollout.name,
});
