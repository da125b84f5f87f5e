/**
 * Seeded generator of uniform numbers in [0, 1): mulberry32 (32-bit state, public domain, T. Ettinger 2017). Verdicts must be
 * repeatable from the numbers they were made of, so nothing in this library draws from the host.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
