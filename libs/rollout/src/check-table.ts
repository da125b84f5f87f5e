/**
 * Faults of a transition table: targets that do not exist, states that `start` cannot reach, and states from which no end
 * (a state without successors) can be reached. Empty when the table is sound; checked when the control plane boots.
 */
export function transitionTableFaults(table: Readonly<Record<string, readonly string[]>>, start: string): readonly string[] {
  const states = Object.keys(table);
  const unknown = states.flatMap((from) =>
    (table[from] ?? []).filter((to) => !(to in table)).map((to) => `${from} → ${to}: there is no state ${to}`),
  );
  const reachable = closure(table, start);
  const unreachable = states.filter((state) => !reachable.has(state)).map((state) => `${state} cannot be reached from ${start}`);
  const endless = states
    .filter((state) => ![...closure(table, state)].some((to) => table[to]?.length === 0))
    .map((state) => `${state} never ends`);
  return [...unknown, ...unreachable, ...endless];
}

function closure(table: Readonly<Record<string, readonly string[]>>, start: string): Set<string> {
  const seen = new Set<string>([start]);
  const open = [start];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of table[state] ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return seen;
}
