const INT32_MAX = 2 ** 31 - 1;
/** Room for the products that are added to the bias in the int32 accumulator. */
const HEADROOM = 2;

/**
 * The smallest weight scale per channel with which `bias / (inputScale · weightScale)` fits into int32. Used before the
 * weights are quantized: enlarging their scale costs resolution, overflowing the bias costs the layer.
 */
export function smallestWeightScales(bias: Float32Array, inputScale: number): Float64Array {
  return Float64Array.from(bias, (value) => (Math.abs(value) * HEADROOM) / (inputScale * INT32_MAX));
}

/** int32 bias with scale `inputScale · weightScales[c]` (one weight scale may stand for all channels), saturating. */
export function quantizeBias(
  bias: Float32Array,
  inputScale: number,
  weightScales: Float32Array,
): { values: Int32Array; scales: Float32Array } {
  const scales = weightScales.map((scale) => Math.fround(inputScale * scale));
  const values = Int32Array.from(bias, (value, channel) => {
    const rounded = Math.round(value / (scales[scales.length === 1 ? 0 : channel] ?? 1));
    return Math.min(Math.max(rounded, -INT32_MAX), INT32_MAX);
  });
  return { values, scales };
}
