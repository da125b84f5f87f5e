/** What stands where there is no figure. */
export const NONE = '–';

const fixed =
  (digits: number) =>
  (value: number | null | undefined): string =>
    value === null || value === undefined ? NONE : value.toFixed(digits);

/** Milliseconds: two digits below 10 ms, one above. */
export const formatMs = (value: number | null | undefined): string =>
  fixed(value !== null && value !== undefined && value < 10 ? 2 : 1)(value);
export const formatFps = fixed(1);
export const formatCount = fixed(0);
/** A fraction 0–1 as mAP is given, four digits. COCO's −1 (nothing to measure) is no figure. */
export const formatMap = (value: number | null | undefined): string =>
  fixed(4)(value !== undefined && value !== null && value < 0 ? null : value);
export const formatPoints = fixed(2);
export const formatRatio = fixed(2);

/** Bytes in binary units. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Seconds as people say them: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  if (seconds < 1) return `${String(Math.max(0, Math.round(seconds * 1000)))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${String(whole)} s`;
  const parts: readonly [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${String(value)} ${unit}`)
    .join(' ');
}

/** How long ago an ISO time was; a clock that is behind never shows a time to come. */
export function formatAgo(at: string | null, now: number): string {
  if (at === null) return 'never';
  const seconds = Math.max(0, (now - Date.parse(at)) / 1000);
  if (seconds < 1) return 'now';
  const whole = Math.floor(seconds);
  if (whole < 60) return `${String(whole)} s ago`;
  if (whole < 3600) return `${String(Math.floor(whole / 60))} min ago`;
  if (whole < 86_400) return `${String(Math.floor(whole / 3600))} h ago`;
  return `${String(Math.floor(whole / 86_400))} d ago`;
}

/** Time of day of an ISO time in the reader's own zone. */
export const formatTime = (at: string): string => new Date(at).toLocaleTimeString('en-GB', { hour12: false });

/** Date and time in the reader's own zone: `2026-11-23 14:05:09`. */
export const formatDateTime = (at: string): string => new Date(at).toLocaleString('sv-SE', { hour12: false });
