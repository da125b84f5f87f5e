const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** IEEE 754 binary16 bits of a number, rounded to nearest, ties to even. Beyond 65504 it becomes infinite, below 2⁻²⁵ zero. */
export function toFloat16(value: number): number {
  single[0] = value;
  const raw = bits[0] as number;
  const sign = (raw >>> 16) & 0x8000;
  const exponent = (raw >>> 23) & 0xff;
  const mantissa = raw & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (mantissa === 0 ? 0 : 0x200);
  const half = exponent - 112;
  if (half >= 31) return sign | 0x7c00;
  // Subnormal: the leading one becomes part of the mantissa.
  if (half <= 0) return half < -10 ? sign : sign | roundShift(mantissa | 0x800000, 14 - half);
  return sign | roundShift((half << 23) | mantissa, 13);
}

/** `value / 2^shift`, rounded to nearest, ties to even; a carry runs into the exponent as it should. */
function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}

/** The number that binary16 bits stand for. */
export function fromFloat16(half: number): number {
  const sign = (half & 0x8000) === 0 ? 1 : -1;
  const exponent = (half >>> 10) & 0x1f;
  const mantissa = half & 0x3ff;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : Number.NaN;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}
