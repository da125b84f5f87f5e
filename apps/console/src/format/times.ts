const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `3 min ago`, `in 2 hr`; seconds are given in steps of five so that a page at rest does not flicker. */
export function relativeTime(at: number, now: number, tag: string): string {
  const seconds = (at - now) / 1000;
  const format = new Intl.RelativeTimeFormat(tag, { numeric: 'auto', style: 'short' });
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length * (length === 1 ? 5 : 1)) ?? ['second', 1];
  if (Math.abs(seconds) < 5) return format.format(0, 'second');
  const count = seconds / size;
  return format.format(unit === 'second' ? Math.trunc(count / 5) * 5 : Math.trunc(count), unit);
}

/** Date and time with seconds and zone, in the reader's own zone. */
export const absoluteTime = (at: number, tag: string): string =>
  new Intl.DateTimeFormat(tag, {
    year: 'numeric',
    month: 'short',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(at);

/** Label on a time axis. */
export const clockTime = (at: number, tag: string, withSeconds = false): string =>
  new Intl.DateTimeFormat(tag, {
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
    ...(withSeconds ? { second: '2-digit' } : {}),
  }).format(at);
