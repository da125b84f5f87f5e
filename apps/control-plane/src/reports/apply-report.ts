import { reportBodySchema } from '@takt/contracts';
import type { ReportBody } from '@takt/contracts';
import type { FleetNode, StoredReport, Stores } from '@takt/persistence';
import type { MoveDeployment } from '../rollout/move-deployment.js';
import { record } from '../record.js';
import type { ApplyJobReport } from './apply-job-report.js';
import { notItsOwn } from './node-complaints.js';
import type { Complaint } from './node-complaints.js';

type Of<K extends ReportBody['kind']> = Extract<ReportBody, { kind: K }>;

/** Takes down what is wrong with a report. */
export type Complain = (complaint: Complaint) => void;

/** Conditions that a node may have: far more than an agent of takt knows. */
const CONDITIONS_AT_MOST = 64;

/** Writes what one report changes, in the caller's transaction. What makes no sense is complained about and passed over. */
export class ApplyReport {
  constructor(
    private readonly move: MoveDeployment,
    private readonly applyJob: ApplyJobReport,
  ) {}

  async execute(stores: Stores, node: FleetNode, report: StoredReport, now: Date, complain: Complain): Promise<void> {
    const parsed = reportBodySchema.safeParse(report.body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const what = issue === undefined ? '' : `: ${issue.path.map(String).join('.') || 'content'}: ${issue.message}`;
      complain({
        code: 'ReportInvalid',
        message: `sends reports that do not follow their contract, the first is number ${String(report.seq)}${what}`.slice(0, 500),
        action: 'check the version of its agent, then update it',
      });
      return;
    }
    const body = parsed.data;
    switch (body.kind) {
      case 'facts':
        return this.#facts(stores, node, body, now);
      case 'job':
        return this.applyJob.execute(stores, node, body, now, complain);
      case 'deployment':
        return this.#deployment(stores, node, body, new Date(report.at), complain);
      case 'slot':
        return this.#slot(stores, node, body, report.at, complain);
      case 'condition':
        return this.#condition(stores, node, body, now, complain);
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

  async #deployment(stores: Stores, node: FleetNode, body: Of<'deployment'>, at: Date, complain: Complain): Promise<void> {
    const deployment = await stores.deployments.find(body.deploymentId);
    if (deployment === null || deployment.nodeId !== node.id || deployment.slotId !== body.slotId) {
      complain(notItsOwn('deployment', body.deploymentId));
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
      const { code, message } = outcome.rejected;
      complain({
        code: 'ReportRejected',
        about: code,
        message: `reported on deployment ${deployment.id} what is not taken (${code}): ${message}`,
        action: `see what happened to it: takt explain deployment ${deployment.id}`,
      });
    }
  }

  async #slot(stores: Stores, node: FleetNode, body: Of<'slot'>, at: string, complain: Complain): Promise<void> {
    const slot = await stores.slots.lock(body.slotId);
    if (slot?.nodeId !== node.id) {
      complain(notItsOwn('slot', body.slotId));
      return;
    }
    await stores.slots.update(slot.id, { serving: { deploymentId: body.activeDeploymentId, plan: body.plan, at } });
  }

  async #condition(stores: Stores, node: FleetNode, body: Of<'condition'>, now: Date, complain: Complain): Promise<void> {
    const { condition } = body;
    const before = node.conditions.find((known) => known.type === condition.type);
    if (before === undefined && node.conditions.length >= CONDITIONS_AT_MOST) {
      complain({
        code: 'ReportRejected',
        about: 'conditions',
        message: `reports more than ${String(CONDITIONS_AT_MOST)} conditions; ${condition.type} is not kept`,
        action: 'check the version of its agent, then update it',
      });
      return;
    }
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
