/** x·σ(x) */
export const silu = (x: number): number => x / (1 + Math.exp(-x));
