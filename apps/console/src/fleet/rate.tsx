import type { ReactElement } from 'react';
import { formatFps } from '../format/numbers.js';
import { Icon } from '../parts/icons.js';
import type { Tone } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { belowRate } from './needs-help.js';
import classes from './rate.module.css';

const toneOf = (delivered: number | null, required: number): Tone => {
  if (delivered === null) return 'idle';
  if (!belowRate(delivered, required)) return 'ok';
  return delivered < required * 0.8 ? 'bad' : 'warn';
};

/** Delivered FPS against what the line needs: the numbers, and a bar whose notch is the required rate. */
export function Rate({ delivered, required, old }: { delivered: number | null; required: number; old: boolean }): ReactElement {
  const t = useWords();
  const tone = old ? 'idle' : toneOf(delivered, required);
  const full = Math.max(required * 1.25, delivered ?? 0, 1);
  return (
    <span className={classes['rate']} data-tone={tone} data-old={old}>
      <span className={classes['numbers']}>
        {(tone === 'bad' || tone === 'warn') && <Icon name="warn" size={13} />}
        <strong>{formatFps(delivered)}</strong>
        {old && delivered !== null && <span className="quiet">{t.fleet.lastKnown}</span>}
        <span className="quiet">{required > 0 ? t.fleet.required(formatFps(required)) : t.unit.fps}</span>
      </span>
      <span className={classes['bar']} aria-hidden="true">
        <span className={classes['fill']} style={{ width: `${String((100 * (delivered ?? 0)) / full)}%` }} />
        {required > 0 && <span className={classes['notch']} style={{ left: `${String((100 * required) / full)}%` }} />}
      </span>
    </span>
  );
}
