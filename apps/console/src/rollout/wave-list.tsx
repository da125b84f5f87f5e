import type { RolloutDetail } from '@takt/contracts';
import { hasEnded } from '@takt/rollout';
import type { ReactElement } from 'react';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { WAVE_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { BucketBar } from './bucket-bar.js';
import classes from './wave-list.module.css';

/** Waves in order, each with its accounting. */
export function WaveList({ rollout }: { rollout: RolloutDetail }): ReactElement {
  const t = useWords();
  return (
    <ol className={classes['waves']} aria-label={t.rollout.waves}>
      {rollout.waves.map((wave) => (
        <li key={wave.index} aria-current={wave.index === rollout.currentWave && !hasEnded(rollout.phase) ? 'step' : undefined}>
          <div className={classes['head']}>
            <strong>{t.rollout.waveName(wave.index)}</strong>
            <Mark sign={WAVE_SIGNS[wave.step]}>{t.waveStep[wave.step]}</Mark>
            <span className="quiet">{t.rollout.nodes(wave.counts.total)}</span>
            <span className={classes['when']}>
              {wave.step === 'soaking' && wave.soakingSince !== null && (
                <>
                  {t.rollout.soakingSince} <Moment at={wave.soakingSince} />
                </>
              )}
              {wave.approvedBy !== null && t.rollout.approvedBy(wave.approvedBy)}
            </span>
          </div>
          <BucketBar counts={wave.counts} />
        </li>
      ))}
    </ol>
  );
}
