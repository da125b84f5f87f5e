import { useId } from 'react';
import type { ReactElement, ReactNode } from 'react';
import classes from './panel.module.css';

interface PanelProps {
  readonly title: string;
  readonly note?: ReactNode;
  /** What stands at the right of the title. */
  readonly aside?: ReactNode;
  readonly tone?: 'warn' | 'bad';
  /** Tables reach the edges. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A region of a page with its heading; screen readers list it by that name. */
export function Panel({ title, note, aside, tone, flush = false, children }: PanelProps): ReactElement {
  const id = useId();
  return (
    <section className={classes['panel']} aria-labelledby={id} data-tone={tone}>
      <header className={classes['head']}>
        <div>
          <h2 id={id} className={classes['title']}>
            {title}
          </h2>
          {note !== undefined && <div className={classes['note']}>{note}</div>}
        </div>
        {aside !== undefined && <div className={classes['aside']}>{aside}</div>}
      </header>
      <div className={flush ? classes['flush'] : classes['body']}>{children}</div>
    </section>
  );
}
