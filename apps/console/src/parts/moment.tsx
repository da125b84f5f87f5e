import { useSyncExternalStore } from 'react';
import type { ReactElement } from 'react';
import { absoluteTime, relativeTime } from '../format/times.js';
import { useSpeech } from '../words/words-context.js';

const TICK_MS = 5_000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
};
const read = (): number => {
  if (listeners.size === 0) now = Date.now();
  return now;
};

/** The time, every five seconds; all who ask share one timer. */
export const useNow = (): number => useSyncExternalStore(subscribe, read);

/** A time as distance from now; the exact one on hover and for machines. */
export function Moment({ at }: { at: string | null }): ReactElement {
  const { t, tag } = useSpeech();
  const current = useNow();
  if (at === null) return <span className="quiet">{t.data.never}</span>;
  const time = Date.parse(at);
  return (
    <time dateTime={at} title={absoluteTime(time, tag)} className="nowrap">
      {relativeTime(Math.min(time, current), current, tag)}
    </time>
  );
}
