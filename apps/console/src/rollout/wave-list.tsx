import type { RolloutDetail, RolloutView } from '@takt/contracts';
import { hasEnded } from '@takt/rollout';
import type { ReactElement } from 'react';
import { Progress } from '@mantine/core';
import { formatSeconds } from '../format/numbers.js';
import { Mark } from '../parts/mark.js';
import { Moment, useNow } from '../parts/moment.js';
import { WAVE_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { BucketBar } from './bucket-bar.js';
import { soakProgress } from './soak-progress.js';
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
          {rollout.phase === 'running' && <Soak wave={wave} policy={rollout.policy} />}
        </li>
      ))}
    </ol>
  );
}

/** How far the wave has soaked, and past its soak how long its gate may still take. */
function Soak({ wave, policy }: { wave: RolloutView['waves'][number]; policy: RolloutView['policy'] }): ReactElement | null {
  const t = useWords();
  const progress = soakProgress(wave, policy, useNow());
  if (progress === undefined) return null;
  const { share, elapsedSeconds, ofSeconds, overtime } = progress;
  const text = (overtime ? t.rollout.gateTime : t.rollout.soaked)(formatSeconds(elapsedSeconds), formatSeconds(ofSeconds));
  return (
    <div>
      <Progress value={share * 100} size="xs" color={overtime ? 'yellow' : 'blue'} aria-label={text} />
      <span className="quiet" style={{ fontSize: 13 }}>
        {text}
      </span>
    </div>
  );
}
