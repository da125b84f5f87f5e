import type { ReactElement, ReactNode } from 'react';

/** Says that there is nothing, and what brings something. */
export function Empty({ children, next }: { children: ReactNode; next?: ReactNode }): ReactElement {
  return (
    <div style={{ padding: '4px 0' }}>
      <div>{children}</div>
      {next !== undefined && <div className="quiet">{next}</div>}
    </div>
  );
}
