import { reportBodySchema } from '@takt/contracts';
import type { ReportBody } from '@takt/contracts';
import type { FleetNode, StoredReport, Stores } from '@takt/persistence';
import type { MoveDeployment } from '../rollout/move-deployment.js';
import { record } from '../record.js';
import type { ApplyJobReport } from './apply-job-report.js';

type Of<K extends ReportBody['kind']> = Extract<ReportBody, { kind: K }>;

/** Writes what one report changes, in the caller's transaction. A report that makes no sense is recorded and passed over. */
export class ApplyReport {
  constructor(
    private readonly move: MoveDeployment,
    private readonly applyJob: ApplyJobReport,
  ) {}

  async execute(stores: Stores, node: FleetNode, report: StoredReport, now: Date): Promise<void> {
    const parsed = reportBodySchema.safeParse(report.body);
    if (!parsed.success) {
      refuse(stores, node, now, 'ReportInvalid', `report ${String(report.seq)} does not follow its contract`, {
        issues: parsed.error.issues.length,
      });
      return;
    }
    const body = parsed.data;
    switch (body.kind) {
      case 'facts':
        return this.#facts(stores, node, body, now);
      case 'job':
        return this.applyJob.execute(stores, node, body, now);
      case 'deployment':
        return this.#deployment(stores, node, body, new Date(report.at), now);
      case 'slot':
        return this.#slot(stores, node, body, report.at, now);
      case 'condition':
        return this.#condition(stores, node, body, now);
    }
  }

  async #facts(stores: Stores, node: FleetNode, body: Of<'facts'>, now: Date): Promise<void> {
    await stores.nodes.update(node.id, {
      facts: body.facts,
      profile: body.profile,
      fingerprint: body.fingerprint,
      agentVersion: body.agentVersion,
      hostname: body.facts.hostname,
    });
    if (node.fingerprint === body.fingerprint) return;
    record(stores, `node:${node.name}`, now, {
      code: node.fingerprint === null ? 'NodeProfiled' : 'FingerprintChanged',
      severity: node.fingerprint === null ? 'info' : 'warning',
      message: `node ${node.name} is ${body.profile.name}: ${body.profile.summary}`,
      object: { kind: 'node', id: node.id, name: node.name },
      siteId: node.siteId,
      data: { fingerprint: body.fingerprint, before: node.fingerprint },
    });
  }

  async #deployment(stores: Stores, node: FleetNode, body: Of<'deployment'>, at: Date, now: Date): Promise<void> {
    const deployment = await stores.deployments.find(body.deploymentId);
    if (deployment === null || deployment.nodeId !== node.id || deployment.slotId !== body.slotId) {
      refuse(stores, node, now, 'ReportRejected', `node ${node.name} reported on a deployment that is not its own`, {
        deploymentId: body.deploymentId,
      });
      return;
    }
    const outcome = await this.move.execute(stores, deployment.id, {
      to: body.state,
      by: `node:${node.name}`,
      at,
      generation: body.generation,
      reason: body.reason,
      message: body.message,
      health: body.health,
      error: body.error,
    });
    if ('rejected' in outcome) {
      refuse(stores, node, now, 'ReportRejected', outcome.rejected.message, {
        deploymentId: deployment.id,
        code: outcome.rejected.code,
        state: body.state,
      });
    }
  }

  async #slot(stores: Stores, node: FleetNode, body: Of<'slot'>, at: string, now: Date): Promise<void> {
    const slot = await stores.slots.lock(body.slotId);
    if (slot?.nodeId !== node.id) {
      refuse(stores, node, now, 'ReportRejected', `node ${node.name} reported on a slot that is not its own`, { slotId: body.slotId });
      return;
    }
    await stores.slots.update(slot.id, { serving: { deploymentId: body.activeDeploymentId, plan: body.plan, at } });
  }

  async #condition(stores: Stores, node: FleetNode, body: Of<'condition'>, now: Date): Promise<void> {
    const { condition } = body;
    const before = node.conditions.find((known) => known.type === condition.type);
    await stores.nodes.update(node.id, {
      conditions: [...node.conditions.filter((known) => known.type !== condition.type), condition].sort((a, b) =>
        a.type < b.type ? -1 : 1,
      ),
    });
    if (before?.status === condition.status && before.reason === condition.reason) return;
    record(stores, `node:${node.name}`, now, {
      code: `Condition${condition.type}`,
      severity: condition.status === 'true' ? 'info' : 'warning',
      message: `${condition.type} of node ${node.name} is ${condition.status}: ${condition.message}`,
      object: { kind: 'node', id: node.id, name: node.name },
      siteId: node.siteId,
      data: { ...condition },
    });
  }
}

function refuse(stores: Stores, node: FleetNode, now: Date, code: string, message: string, data: Record<string, unknown>): void {
  record(stores, `node:${node.name}`, now, {
    code,
    severity: 'warning',
    message,
    object: { kind: 'node', id: node.id, name: node.name },
    siteId: node.siteId,
    data,
  });
}
