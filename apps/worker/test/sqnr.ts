/** Signal to noise in decibels. */
export function sqnr(wanted: Float32Array, given: Float32Array): number {
  let [signal, noise] = [0, 0];
  wanted.forEach((value, at) => {
    signal += value * value;
    noise += (value - (given[at] ?? Number.NaN)) ** 2;
  });
  return 10 * Math.log10(signal / noise);
}
