import type { AgentContext } from '../run/context.js';
import { CHECK_DISK } from '../state/state-condition.js';
import { readLocalView } from './local-view.js';
import type { LocalLine } from './local-view.js';
import type { CommandResult } from './output.js';

/** `takt-agent status`: what runs here and what is wanted, from disk and the control sockets. */
export async function nodeStatus(context: AgentContext): Promise<CommandResult> {
  const { identity, desired, ledger, pendingReports, lines, damage, quarantined } = await readLocalView(context);
  const conditions = Object.values(ledger.conditions).filter(({ status }) => status !== 'true');
  const text = [
    identity === undefined ? 'not joined' : `${identity.nodeName} (${identity.nodeId}), site ${identity.site}`,
    `desired generation ${String(desired?.generation ?? 'none')}, ${String(pendingReports)} reports wait for confirmation`,
    ...lines.map(lineText),
    ...Object.entries(ledger.deployments).map(([id, { state }]) => `deployment ${id}: ${state}`),
    ...damage.map(({ file, kind, detail }) => `! ${file} is ${kind}: ${detail}\n  → ${CHECK_DISK}; the process that owns it replaces it`),
    ...(quarantined.length === 0 ? [] : [`! damaged files are kept in ${context.folder.root}: ${quarantined.join(', ')}`]),
    ...conditions.map(({ type, reason, message, action }) => `! ${type}: ${reason}, ${message}${action === null ? '' : `\n  → ${action}`}`),
  ];
  const data = {
    identity: identity ?? null,
    generation: desired?.generation ?? null,
    pendingReports,
    lines: lines.map(({ slug, status, error }) => ({ slug, status: status ?? null, error: error?.toData() ?? null })),
    deployments: ledger.deployments,
    conditions: Object.values(ledger.conditions),
    damage,
    quarantined,
  };
  return { ok: true, data, text };
}

function lineText({ slug, status, error }: LocalLine): string {
  if (status === undefined) return `line ${slug}: ${error?.message ?? 'no answer'}\n  → ${error?.action ?? ''}`;
  const { serving, candidate, metrics } = status;
  const fps = metrics.deliveredFps === null ? 'no frames yet' : `${metrics.deliveredFps.toFixed(1)} FPS`;
  const time =
    metrics.serviceTime === null
      ? ''
      : `, service time p50 ${metrics.serviceTime.p50Ms.toFixed(1)} ms, p95 ${metrics.serviceTime.p95Ms.toFixed(1)} ms`;
  if (serving === null && candidate === null && status.recordLost !== null)
    return `line ${slug}: serves nothing, ${fps}\n! ${status.recordLost}`;
  const trial = candidate === null ? '' : `; checks ${candidate.deploymentId} (${candidate.phase})`;
  return `line ${slug}: ${serving === null ? 'serves nothing' : `serves ${serving.releaseName} (${serving.plan.recipe})`}, ${fps}${time}${trial}`;
}
