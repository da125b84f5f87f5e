import { useEffect } from 'react';
import type { ReactElement, ReactNode } from 'react';
import classes from './page.module.css';

interface PageProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

export function Page({ title, lead, aside, children }: PageProps): ReactElement {
  useEffect(() => {
    document.title = `${title} · takt`;
  }, [title]);
  return (
    <div className={classes['page']}>
      <header className={classes['head']}>
        <div className={classes['titles']}>
          <h1 className={classes['title']}>{title}</h1>
          {lead !== undefined && <div className={classes['lead']}>{lead}</div>}
        </div>
        {aside !== undefined && <div className={classes['aside']}>{aside}</div>}
      </header>
      {children}
    </div>
  );
}

/** Two columns where there is room. */
export function Columns({ children }: { children: ReactNode }): ReactElement {
  return <div className={classes['columns']}>{children}</div>;
}
