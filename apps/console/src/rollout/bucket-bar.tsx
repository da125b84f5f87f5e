import type { RolloutCounts } from '@takt/contracts';
import type { ReactElement } from 'react';
import { Icon } from '../parts/icons.js';
import { BUCKET_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import classes from './bucket-bar.module.css';
import { barParts } from './buckets.js';

/** Where the nodes stand, as a stacked bar with its legend in words and numbers. */
export function BucketBar({ counts, legend = true }: { counts: RolloutCounts; legend?: boolean }): ReactElement {
  const t = useWords();
  const parts = barParts(counts);
  const words = parts.map(({ bucket, count }) => `${String(count)} ${t.bucket[bucket]}`).join(', ');
  return (
    <span className={classes['whole']}>
      <span className={classes['bar']} role="img" aria-label={words || t.data.none}>
        {parts.map(({ bucket, count, width }) => (
          <span
            key={bucket}
            className={classes['part']}
            data-tone={BUCKET_SIGNS[bucket].tone}
            data-bucket={bucket}
            style={{ width: `${String(width)}%` }}
            title={`${String(count)} ${t.bucket[bucket]}`}
          />
        ))}
      </span>
      {legend && (
        <span className={classes['legend']}>
          {parts.map(({ bucket, count }) => (
            <span key={bucket} data-tone={BUCKET_SIGNS[bucket].tone} className={classes['entry']}>
              <Icon name={BUCKET_SIGNS[bucket].icon} size={13} />
              {count} {t.bucket[bucket]}
            </span>
          ))}
        </span>
      )}
    </span>
  );
}
