/** Quantile of the standard normal distribution, 0.5 ≤ p < 1: Abramowitz and Stegun 26.2.23, error below 4.5e-4. */
export function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
}

/** Quantile of Student's t with `degrees` of freedom, 0.5 ≤ p < 1: Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5); degrees ≥ 2. */
export function studentQuantile(p: number, degrees: number): number {
  const z = normalQuantile(p);
  const df = Math.max(2, degrees);
  return (
    z +
    (z ** 3 + z) / (4 * df) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * df ** 3)
  );
}
