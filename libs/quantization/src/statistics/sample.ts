/**
 * A deterministic sample without replacement: the same list, size and seed give the same sample everywhere. The result keeps
 * the order of `items`.
 */
export function sampleOf<T>(items: readonly T[], size: number, seed: number): T[] {
  if (size >= items.length) return [...items];
  const next = mulberry32(seed);
  const order = items.map((_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(next() * (order.length - i));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order
    .slice(0, size)
    .sort((a, b) => a - b)
    .flatMap((i) => items.slice(i, i + 1));
}

/** A 32-bit generator with a period of 2^32 (Tommy Ettinger's mulberry32); uniform on [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
