import type { DeploymentView, JobView } from '@takt/contracts';
import type { DeploymentOverview, Job } from '@takt/persistence';

export const toDeploymentView = ({ deployment, ...names }: DeploymentOverview): DeploymentView => ({
  id: deployment.id,
  slotId: deployment.slotId,
  site: names.site,
  node: { id: deployment.nodeId, name: names.nodeName },
  line: { id: names.lineId, name: names.lineSlug },
  release: { id: deployment.releaseId, name: names.releaseName },
  state: deployment.state,
  reason: deployment.reason,
  message: deployment.message,
  previousDeploymentId: deployment.previousId,
  buildJobId: deployment.buildJobId,
  rollout: names.rollout,
  revertOf: deployment.revertOf,
  plan: deployment.plan,
  health: deployment.health === null ? null : { ...deployment.health, findings: [...deployment.health.findings] },
  error: deployment.error,
  createdBy: deployment.createdBy,
  createdAt: deployment.createdAt.toISOString(),
  updatedAt: deployment.updatedAt.toISOString(),
  endedAt: deployment.endedAt?.toISOString() ?? null,
});

export const toJobView = (job: Job, nodeName: string | null): JobView => ({
  id: job.id,
  kind: job.kind,
  state: job.state,
  phase: job.phase,
  progress: job.progress,
  etaSeconds: job.etaSeconds,
  model: job.modelName,
  node: job.nodeId === null ? null : { id: job.nodeId, name: nodeName ?? job.nodeId },
  deploymentId: job.deploymentId,
  attempts: job.attempts,
  result: job.result,
  error: job.error,
  createdAt: job.createdAt.toISOString(),
  updatedAt: job.updatedAt.toISOString(),
});
