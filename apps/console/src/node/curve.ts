import type { SlotSamples } from '@takt/contracts';

export interface CurvePoint {
  /** Middle of the interval, ms since the epoch. */
  readonly time: number;
  readonly fps: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Points for a chart. Where samples are missing a point without values breaks the curve, so that a gap shows as a gap. */
export function curveOf(points: SlotSamples['points']): CurvePoint[] {
  const curve: CurvePoint[] = [];
  let last: number | undefined;
  for (const point of points) {
    const [from, to] = [Date.parse(point.from), Date.parse(point.to)];
    if (last !== undefined && from - last > Math.max(10_000, 2 * (to - from)))
      curve.push({ time: (last + from) / 2, fps: null, p50: null, p95: null });
    curve.push({ time: (from + to) / 2, fps: point.deliveredFps, p50: point.p50Ms, p95: point.p95Ms });
    last = to;
  }
  return curve;
}
