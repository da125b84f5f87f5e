import type { Explanation } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { DeploymentId } from '@takt/kernel';
import type { Database, Deployment, DeploymentOverview, Job, NodeLiveness } from '@takt/persistence';
import type { RequestContext } from '../http/context.js';
import type { DeploymentQueries } from '../rollout/rollout-queries.js';
import { isTerminal } from '@takt/rollout';

type Figures = Explanation['figures'];

export class ExplainDeployment {
  constructor(
    private readonly db: Database,
    private readonly queries: DeploymentQueries,
  ) {}

  async execute(ctx: RequestContext, id: string): Promise<Explanation> {
    const found = await this.queries.find(ctx, id);
    const { deployment } = found;
    const { stores } = this.db;
    const [transitions, build, calibration, liveness] = await Promise.all([
      stores.deployments.transitions(asId<DeploymentId>(id)),
      stores.jobs.find(deployment.buildJobId),
      this.queries.calibrationOf(found),
      stores.nodes.liveness([deployment.nodeId]),
    ]);
    const verdict = judge(found, calibration, liveness.get(deployment.nodeId));
    return {
      object: { kind: 'deployment', id: deployment.id, name: `${found.releaseName} on ${found.lineSlug}@${found.nodeName}` },
      ...verdict,
      findings: (deployment.health?.findings ?? []).map((finding) => ({ ...finding })),
      figures: { ...healthFigures(deployment), ...buildFigures(build) },
      timeline: transitions.map((row) => ({ at: row.at.toISOString(), code: row.state, message: row.message })),
    };
  }
}

type Verdict = Pick<Explanation, 'reason' | 'summary' | 'suggestedAction'>;

/** A reason, a sentence and one action for each way a deployment can stand. */
function judge(
  { deployment, nodeName, lineSlug, releaseName }: DeploymentOverview,
  calibration: Job | null,
  live: NodeLiveness | undefined,
): Verdict {
  const { state, reason, message, error } = deployment;
  const what = `release ${releaseName} on line ${lineSlug}, node ${nodeName}`;
  if (!isTerminal(state) && live?.online !== true) {
    return {
      reason: 'NodeOffline',
      summary: `${what} is ${state}; the node is offline, goes on serving, and continues by itself when it is back`,
      suggestedAction: `check power and network of node ${nodeName}`,
    };
  }
  switch (state) {
    case 'committed':
      return { reason: reason ?? 'HealthCheckPassed', summary: `${what} serves: ${message}`, suggestedAction: null };
    case 'rolled-back':
      return {
        reason: reason ?? 'HealthCheckFailed',
        summary: `${what} was taken back by the node itself: ${message}`,
        suggestedAction: `compare the candidates of its build, then release a faster or more accurate plan (\`takt deploy\`)`,
      };
    case 'failed':
      return {
        reason: reason ?? error?.code ?? 'Failed',
        summary: `${what} ended before it served: ${error?.message ?? message}`,
        suggestedAction: error?.action ?? 'look at the node’s log',
      };
    case 'superseded':
      return { reason: reason ?? 'NewerDeployment', summary: `${what} gave way to a newer deployment`, suggestedAction: null };
    case 'cancelled':
      return { reason: reason ?? 'Cancelled', summary: `${what} was cancelled: ${message}`, suggestedAction: null };
    case 'calibrating':
      return {
        reason: reason ?? 'WaitingForStatistics',
        summary:
          calibration === null
            ? `${what} waits for statistics`
            : `${what} waits for statistics: ${calibration.state}, ${calibration.phase}, ${String(Math.round(calibration.progress * 100))} %`,
        suggestedAction: calibration?.nodeId === null ? 'bring a node online that can calibrate' : null,
      };
    case 'pending':
    case 'fetching':
    case 'building':
    case 'activating':
    case 'checking':
      return { reason: reason ?? 'InProgress', summary: `${what} is ${state}: ${message}`, suggestedAction: null };
  }
}

function healthFigures({ health }: Deployment): Figures {
  if (health === null) return {};
  return {
    previousServiceP50Ms: health.previous?.p50Ms ?? null,
    previousServiceP95Ms: health.previous?.p95Ms ?? null,
    serviceP50Ms: health.candidate?.p50Ms ?? null,
    serviceP95Ms: health.candidate?.p95Ms ?? null,
    deliveredFps: health.deliveredFps,
    requiredFps: health.requiredFps,
    framesCompared: health.candidate?.frames ?? null,
    framesDropped: health.framesDropped,
    errors: health.errors,
    checkMs: health.durationMs,
    rollbackMs: health.rollbackMs,
  };
}

function buildFigures(build: Job | null): Figures {
  if (build?.result?.kind !== 'build') return {};
  const { candidates, reason, seconds, reused } = build.result;
  const chosen = candidates.find((candidate) => candidate.verdict === 'chosen');
  const baseline = candidates.find((candidate) => candidate.recipe === 'fp32');
  return {
    candidates: candidates.length,
    chosenRecipe: chosen?.recipe ?? null,
    chosenThreads: chosen?.threads.intraOp ?? null,
    chosenCapacityFps: chosen?.speed.capacityFps ?? null,
    chosenMap50: chosen?.accuracy.map50 ?? null,
    chosenMap50_95: chosen?.accuracy.map50_95 ?? null,
    dropPoints: chosen?.dropPoints ?? null,
    fp32CapacityFps: baseline?.speed.capacityFps ?? null,
    fp32Map50_95: baseline?.accuracy.map50_95 ?? null,
    buildReason: reason,
    buildSeconds: seconds,
    buildReused: reused,
  };
}
