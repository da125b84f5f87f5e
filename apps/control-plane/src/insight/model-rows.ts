import type { ModelFigures } from '@takt/contracts';
import type { FinishedBuild } from '@takt/persistence';

type Row = ModelFigures['rows'][number];
type Measured = FinishedBuild['candidates'][number];

/** Of one recipe in one build: what was chosen, else the fastest that might have been, else the fastest. */
function best(candidates: readonly Measured[]): Measured | undefined {
  const order = { chosen: 0, accepted: 1, rejected: 2 } as const;
  return [...candidates].sort((a, b) => order[a.verdict] - order[b.verdict] || a.speed.p50Ms - b.speed.p50Ms)[0];
}

const toRow = (profile: string, at: Date, measured: Measured): Row => ({
  profile,
  recipe: measured.recipe,
  threads: measured.threads.intraOp,
  nodes: 0,
  p50Ms: measured.speed.p50Ms,
  p95Ms: measured.speed.p95Ms,
  capacityFps: measured.speed.capacityFps,
  map50: measured.accuracy.map50,
  map50_95: measured.accuracy.map50_95,
  dropPoints: measured.dropPoints,
  chosenOn: 0,
  measuredAt: at.toISOString(),
});

/**
 * One row per hardware profile and recipe with the newest measurement of each, from builds that are newest first. A node chose
 * the recipe that its newest build did.
 */
export function modelRows(builds: readonly FinishedBuild[]): Row[] {
  const rows = new Map<string, { row: Row; nodes: Set<string>; chosenOn: Set<string> }>();
  const decided = new Set<string>();
  for (const build of builds) {
    const newest = !decided.has(build.nodeId);
    decided.add(build.nodeId);
    for (const recipe of new Set(build.candidates.map((candidate) => candidate.recipe))) {
      const measured = best(build.candidates.filter((candidate) => candidate.recipe === recipe));
      if (measured === undefined) continue;
      const key = JSON.stringify([build.profile, recipe]);
      const entry = rows.get(key) ?? { row: toRow(build.profile, build.at, measured), nodes: new Set(), chosenOn: new Set() };
      rows.set(key, entry);
      entry.nodes.add(build.nodeId);
      if (newest && measured.verdict === 'chosen') entry.chosenOn.add(build.nodeId);
    }
  }
  return [...rows.values()]
    .map(({ row, nodes, chosenOn }) => ({ ...row, nodes: nodes.size, chosenOn: chosenOn.size }))
    .sort((a, b) => a.profile.localeCompare(b.profile) || a.p50Ms - b.p50Ms);
}
