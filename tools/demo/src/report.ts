import type { DeploymentDetail, NodeView } from '@takt/contracts';
import type { Candidate } from '@takt/engines';
import Table from 'cli-table3';

const ms = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(1));
const percent = (value: number): string => (value * 100).toFixed(1);
const threads = (candidate: { readonly threads: { readonly intraOp: number } }): string =>
  candidate.threads.intraOp === 0 ? 'library' : String(candidate.threads.intraOp);

const table = (head: string[], rows: string[][]): string => {
  const view = new Table({ head, style: { head: [], border: [] } });
  view.push(...rows);
  return view.toString();
};

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

export function candidatesText(deployment: DeploymentDetail): string {
  const head = ['recipe', 'threads', 'p50 ms', 'p95 ms', 'capacity FPS', 'mAP@0.5 %', 'mAP@0.5:0.95 %', 'drop points', 'verdict', 'why'];
  const rows = builtCandidates(deployment).map((candidate) => [
    candidate.recipe,
    threads(candidate),
    ms(candidate.speed.p50Ms),
    ms(candidate.speed.p95Ms),
    ms(candidate.speed.capacityFps),
    percent(candidate.accuracy.map50),
    percent(candidate.accuracy.map50_95),
    candidate.dropPoints.toFixed(2),
    candidate.verdict,
    candidate.reason.replace(/(.{44,60}?) /g, '$1\n'),
  ]);
  return table(head, rows);
}

/** Before and after of one node: the two deployments' chosen candidates and what the runtime measured of both. */
export function beforeAfterText(before: DeploymentDetail, after: DeploymentDetail): string {
  const chosen = (deployment: DeploymentDetail): Candidate | undefined =>
    builtCandidates(deployment).find((candidate) => candidate.verdict === 'chosen');
  const row = (name: string, deployment: DeploymentDetail, service: { p50Ms: number; p95Ms: number } | null | undefined): string[] => {
    const candidate = chosen(deployment);
    return [
      name,
      deployment.release.name,
      candidate === undefined ? '–' : `${candidate.recipe}, ${threads(candidate)}`,
      ms(candidate?.speed.capacityFps),
      ms(service?.p50Ms),
      ms(service?.p95Ms),
      candidate === undefined ? '–' : percent(candidate.accuracy.map50),
      candidate === undefined ? '–' : percent(candidate.accuracy.map50_95),
    ];
  };
  const text = table(
    ['', 'release', 'plan (recipe, threads)', 'capacity FPS', 'service p50 ms', 'service p95 ms', 'mAP@0.5 %', 'mAP@0.5:0.95 %'],
    [row('before', before, after.health?.previous), row('after', after, after.health?.candidate)],
  );
  const delivered = after.health?.deliveredFps;
  return `${text}\n  delivered ${ms(delivered)} of ${ms(after.health?.requiredFps)} FPS required · ${after.state}: ${after.message}`;
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
