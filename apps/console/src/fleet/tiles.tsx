import type { ReactElement, ReactNode } from 'react';
import type { Tone } from '../parts/tones.js';
import classes from './tiles.module.css';

export interface Tile {
  readonly key: string;
  readonly label: string;
  readonly value: ReactNode;
  readonly note: ReactNode;
  readonly tone: Tone;
}

export function Tiles({ label, tiles }: { label: string; tiles: readonly Tile[] }): ReactElement {
  return (
    <dl className={classes['tiles']} aria-label={label}>
      {tiles.map((tile) => (
        <div key={tile.key} className={classes['tile']} data-tone={tile.tone} data-testid={`tile-${tile.key}`}>
          <dt>{tile.label}</dt>
          <dd>
            <span className={classes['value']}>{tile.value}</span> <span className="quiet">{tile.note}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
