/** Numbers as people read them: never more digits than were measured, always with a unit beside them. */
export const MISSING = '–';

const finite = (value: number | null | undefined): value is number => value !== null && value !== undefined && Number.isFinite(value);

/** Frames per second, without the unit: `19.9`, `120`. */
export const formatFps = (value: number | null | undefined): string => (finite(value) ? value.toFixed(value >= 100 ? 0 : 1) : MISSING);

/** Milliseconds, without the unit: `0.84`, `8.1`, `120`. */
export const formatMs = (value: number | null | undefined): string =>
  finite(value) ? value.toFixed(value >= 100 ? 0 : value >= 1 ? 1 : 2) : MISSING;

/** A fraction as percent: `12.5 %`. */
export const formatPercent = (fraction: number | null | undefined, digits = 1): string =>
  finite(fraction) ? `${(fraction * 100).toFixed(digits).replace('-', '−')} %` : MISSING;

/** A change as percent with its sign: `+4.1 %`, `−2.0 %`. */
export const formatChange = (fraction: number | null | undefined): string =>
  finite(fraction) ? `${fraction > 0 ? '+' : ''}${formatPercent(fraction)}` : MISSING;

/** Accuracy is a fraction on the wire and points on the screen: `0.728` is `72.8`. */
export const formatAccuracy = (fraction: number | null | undefined): string => (finite(fraction) ? (fraction * 100).toFixed(1) : MISSING);

/** Points of accuracy lost; a gain has a plus. */
export const formatLoss = (points: number | null | undefined): string =>
  finite(points) ? (Math.abs(points) < 0.005 ? '0.00' : `${points > 0 ? '−' : '+'}${Math.abs(points).toFixed(2)}`) : MISSING;

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function formatBytes(bytes: number | null | undefined): string {
  if (!finite(bytes)) return MISSING;
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${BYTE_UNITS[unit] ?? ''}`;
}

export const formatMiB = (mebibytes: number | null | undefined): string => formatBytes(finite(mebibytes) ? mebibytes * 1024 ** 2 : null);

/** `45 s`, `12 min`, `2 h 5 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${String(Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${String(minutes / 60)} h` : `${String((minutes - rest) / 60)} h ${String(rest)} min`;
}
