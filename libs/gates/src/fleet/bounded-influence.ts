/**
 * A slot whose service time changed by more than this factor beyond the middle one of its group says something about itself, not about
 * the group: it counts with this factor (winsorised about the median). Slots of one hardware profile lie far closer together.
 */
const REACH = Math.log(1.5);

const middle = (values: readonly number[], place: (index: number) => number): number => {
  const sorted = Float64Array.from(values).sort();
  return sorted[place((sorted.length - 1) / 2)] ?? Number.NaN;
};
const finite = (values: readonly number[]): readonly number[] => values.filter((value) => Number.isFinite(value));

/** Logarithms of change of control slots: none of them alone decides what the factory did meanwhile. */
export function boundedControls(changes: readonly number[]): readonly number[] {
  const known = finite(changes);
  const [from, to] = [middle(known, Math.floor) - REACH, middle(known, Math.ceil) + REACH];
  return known.map((change) => Math.min(to, Math.max(from, change)));
}

/**
 * Logarithms of change of moved slots: one that claims to have become far faster takes nothing from the others' loss. One that became
 * slower counts in full.
 */
export function boundedGains(changes: readonly number[]): readonly number[] {
  const known = finite(changes);
  const from = middle(known, Math.ceil) - REACH;
  return known.map((change) => Math.max(from, change));
}
