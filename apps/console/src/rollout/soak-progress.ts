import type { RolloutView } from '@takt/contracts';

export interface SoakProgress {
  /** Share of the soak that is over, 0–1. */
  readonly share: number;
  readonly elapsedSeconds: number;
  /** The soak while it lasts, then the longest one. */
  readonly ofSeconds: number;
  /** The soak is over and the gate has not decided yet. */
  readonly overtime: boolean;
}

/** How far a wave has soaked at `now` (ms since the epoch); undefined where it does not soak. */
export function soakProgress(
  wave: Pick<RolloutView['waves'][number], 'step' | 'soakingSince'>,
  { soakSeconds, maxSoakSeconds }: Pick<RolloutView['policy'], 'soakSeconds' | 'maxSoakSeconds'>,
  now: number,
): SoakProgress | undefined {
  if (wave.step !== 'soaking' || wave.soakingSince === null) return undefined;
  const elapsedSeconds = Math.max(0, (now - Date.parse(wave.soakingSince)) / 1000);
  const overtime = elapsedSeconds >= soakSeconds;
  const ofSeconds = overtime ? Math.max(soakSeconds, maxSoakSeconds) : soakSeconds;
  return { share: Math.min(1, elapsedSeconds / ofSeconds), elapsedSeconds: Math.min(elapsedSeconds, ofSeconds), ofSeconds, overtime };
}
