import type { DeploymentDetail, NodeView } from '@takt/contracts';
import type { Candidate } from '@takt/engines';

const ms = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(1));
const percent = (value: number): string => (value * 100).toFixed(1);
const threads = (candidate: { readonly threads: { readonly intraOp: number } }): string =>
  candidate.threads.intraOp === 0 ? 'library' : String(candidate.threads.intraOp);

const builtCandidates = (deployment: DeploymentDetail): readonly Candidate[] => {
  const result = deployment.build?.result;
  return result?.kind === 'build' ? result.candidates : [];
};

export function hardwareText(node: NodeView): string {
  const { facts, profile } = node;
  if (facts === null) return `${node.name}: no facts yet`;
  const dot = facts.cpu.int8DotProduct === 'none' ? 'no INT8 dot product' : facts.cpu.int8DotProduct;
  return (
    `${node.name} (${node.site}): ${profile?.name ?? 'no profile'} · ${facts.cpu.model}, ${String(facts.cpu.logicalCores)} cores, ${dot} · ` +
    `${(facts.memoryMiB / 1024).toFixed(0)} GB · ${facts.os.name} · fingerprint ${(node.fingerprint ?? '').replace('sha256:', '').slice(0, 12)}`
  );
}

/** The plan that a deployment's build chose; undefined before it has. */
export const chosenCandidate = (deployment: DeploymentDetail): Candidate | undefined =>
  builtCandidates(deployment).find((candidate) => candidate.verdict === 'chosen');

/** Before and after of one node in one line; `takt explain deployment` shows every candidate. */
export function movedText(before: DeploymentDetail | undefined, after: DeploymentDetail): string {
  const was = before === undefined ? undefined : chosenCandidate(before);
  const is = chosenCandidate(after);
  if (is === undefined) return `${after.node.name}: ${after.message}`;
  const { health } = after;
  const service = health === null ? '' : `service p50 ${ms(health.previous?.p50Ms)} → ${ms(health.candidate?.p50Ms)} ms, `;
  return (
    `${after.node.name}: ${is.recipe} on ${threads(is)} thread(s), ${service}capacity ${ms(was?.speed.capacityFps)} → ` +
    `${ms(is.speed.capacityFps)} FPS, mAP@0.5 ${was === undefined ? '–' : percent(was.accuracy.map50)} → ${percent(is.accuracy.map50)} %`
  );
}

/** The release that went wrong: which bound, by how much, and how long the line was on it. */
export function rollbackText(deployment: DeploymentDetail): string {
  const { health } = deployment;
  const lines = [
    `${deployment.node.name}: ${deployment.state}${deployment.reason === null ? '' : ` (${deployment.reason})`} · ${deployment.message}`,
  ];
  for (const finding of health?.findings ?? []) lines.push(`  ${finding.held ? '✓' : '✗'} ${finding.message}`);
  if (health?.rollbackMs !== null && health?.rollbackMs !== undefined) {
    lines.push(
      `  back on the previous engine ${(health.rollbackMs / 1000).toFixed(1)} s after the first frame of the new one, by the runtime itself`,
    );
  }
  return lines.join('\n');
}
