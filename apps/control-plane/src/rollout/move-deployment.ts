import type { HealthReport } from '@takt/gates';
import type { DeploymentId, TaktErrorData } from '@takt/kernel';
import type { Deployment, Stores } from '@takt/persistence';
import { applyDeploymentReport, isTerminal, slotAfter } from '@takt/rollout';
import type { DeploymentState, Rejected } from '@takt/rollout';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { record } from '../record.js';

export interface Move {
  readonly to: DeploymentState;
  readonly by: string;
  readonly at: Date;
  readonly generation: number;
  readonly reason: string | null;
  readonly message: string;
  readonly health?: HealthReport | null;
  readonly error?: TaktErrorData | null;
}

export type MoveOutcome = { readonly moved: boolean } | { readonly rejected: Rejected };

const pascal = (state: string): string => state.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

const severityOf = (state: DeploymentState): 'info' | 'warning' | 'error' =>
  state === 'failed' ? 'error' : state === 'rolled-back' ? 'warning' : 'info';

/** The one way a deployment changes its state: row, history, event, slot and desired state together. */
export class MoveDeployment {
  constructor(private readonly refresh: RefreshDesired) {}

  async execute(stores: Stores, id: DeploymentId, move: Move): Promise<MoveOutcome> {
    const deployment = await stores.deployments.lock(id);
    if (deployment === null) return { rejected: { code: 'StateNotAllowed', message: `there is no deployment ${id}` } };
    const step = applyDeploymentReport(deployment.state, move.to);
    if (!step.ok) return { rejected: step.error };
    if (step.value.kind === 'noop') {
      await this.#updateDetails(stores, deployment, move);
      return { moved: false };
    }
    const ended = isTerminal(move.to);
    await stores.deployments.update(id, {
      state: move.to,
      reason: move.reason,
      message: move.message,
      health: move.health ?? deployment.health,
      error: move.error ?? deployment.error,
      updatedAt: move.at,
      ...(ended ? { endedAt: move.at } : {}),
    });
    await stores.deployments.addTransition({
      deploymentId: id,
      state: move.to,
      at: move.at,
      by: move.by,
      generation: move.generation,
      reason: move.reason,
      message: move.message,
    });
    if (ended) await this.#endBuild(stores, deployment, move.at);
    await this.#settleSlot(stores, deployment, move);
    return { moved: true };
  }

  /** Progress inside a state: the words change, the history does not. */
  async #updateDetails(stores: Stores, deployment: Deployment, move: Move): Promise<void> {
    if (isTerminal(deployment.state) || (deployment.message === move.message && deployment.reason === move.reason)) return;
    await stores.deployments.update(deployment.id, { reason: move.reason, message: move.message, updatedAt: move.at });
  }

  async #endBuild(stores: Stores, deployment: Deployment, at: Date): Promise<void> {
    const job = await stores.jobs.lock(deployment.buildJobId);
    if (job === null || (job.state !== 'queued' && job.state !== 'running')) return;
    await stores.jobs.update(job.id, { state: 'cancelled', updatedAt: at, etaSeconds: null });
  }

  async #settleSlot(stores: Stores, deployment: Deployment, move: Move): Promise<void> {
    const slot = await stores.slots.lock(deployment.slotId);
    if (slot === null) return;
    const after = slotAfter({ target: slot.targetId, active: slot.activeId }, { id: deployment.id, state: move.to });
    if (after.target !== slot.targetId || after.active !== slot.activeId) {
      await stores.slots.update(slot.id, { targetId: after.target, activeId: after.active });
      if (after.target !== slot.targetId) await this.refresh.nodes(stores, [slot.nodeId], move.at);
    }
    const overview = await stores.slots.findOverview(slot.id);
    const release = await stores.releases.find(deployment.releaseId);
    const where = overview === null ? slot.id : `${overview.lineSlug}@${overview.nodeName}`;
    record(stores, move.by, move.at, {
      code: `Deployment${pascal(move.to)}`,
      severity: severityOf(move.to),
      message: `release ${release?.name ?? deployment.releaseId} on ${where} is ${move.to}${move.message === '' ? '' : `: ${move.message}`}`,
      object: { kind: 'deployment', id: deployment.id, name: `${release?.name ?? ''} on ${where}` },
      siteId: slot.siteId,
      data: {
        reason: move.reason,
        from: deployment.state,
        ...(move.health === undefined || move.health === null ? {} : { health: move.health }),
      },
    });
  }
}
