import type { ReactElement, ReactNode } from 'react';
import classes from './facts.module.css';

/** Names and values in two columns. */
export function Facts({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }): ReactElement {
  return (
    <dl className={classes['facts']}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
