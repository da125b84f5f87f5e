/** `real = scale · (quantized − zeroPoint)`. `scale` is a float32 value, greater than zero. */
export interface AffineParameters {
  readonly scale: number;
  readonly zeroPoint: number;
}

export const UINT8 = { min: 0, max: 255 } as const;
export const INT8 = { min: -128, max: 127 } as const;

/** A closed interval of real values. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** Smaller scales overflow the int32 bias of the next layer; a range this small carries no information. */
const SMALLEST_SCALE = 1e-12;

/**
 * Asymmetric parameters that cover `range` and represent 0 exactly (padding and SiLU need that), so the range is widened
 * to contain 0. An empty range gets scale 1/levels.
 */
export function affineFromRange(range: Range, integers: IntegerRange): AffineParameters {
  const low = Math.min(range.low, 0);
  const high = Math.max(range.high, 0);
  const levels = integers.max - integers.min;
  const scale = Math.fround((high - low) / levels);
  if (!(scale > SMALLEST_SCALE)) return { scale: Math.fround(1 / levels), zeroPoint: integers.min };
  const zeroPoint = Math.round(integers.min - low / scale);
  return { scale, zeroPoint: Math.min(Math.max(zeroPoint, integers.min), integers.max) };
}

/** The real values that the lowest and highest integer stand for. */
export const coveredRange = ({ scale, zeroPoint }: AffineParameters, integers: IntegerRange): Range => ({
  low: (integers.min - zeroPoint) * scale,
  high: (integers.max - zeroPoint) * scale,
});

/** Nearest integer, ties to even, as ONNX's QuantizeLinear rounds. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export function quantize(value: number, { scale, zeroPoint }: AffineParameters, integers: IntegerRange): number {
  const rounded = roundHalfEven(value / scale) + zeroPoint;
  return rounded < integers.min ? integers.min : rounded > integers.max ? integers.max : rounded;
}

export const dequantize = (quantized: number, { scale, zeroPoint }: AffineParameters): number => (quantized - zeroPoint) * scale;
