import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { useWords } from '../words/words-context.js';
import classes from './data-table.module.css';

export interface Column<T> {
  readonly key: string;
  readonly label: string;
  readonly numeric?: boolean;
  /** Keeps what is in it on one line. */
  readonly tight?: boolean;
  /** Share of the table's width; where one has it, all do. */
  readonly width?: string;
  readonly render: (row: T) => ReactNode;
}

interface DataTableProps<T> {
  /** Name of the table for screen readers and tests. */
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** Instead of rows, where there are none. */
  readonly empty: ReactNode;
  /** Rows at first; the rest by a button. */
  readonly pageSize?: number;
}

/**
 * One row per thing. On a phone each row becomes a card with the column's name before each value; roles are written out
 * because browsers drop a table's own once it is laid out otherwise.
 */
export function DataTable<T>({ label, columns, rows, keyOf, empty, pageSize = 100 }: DataTableProps<T>): ReactElement {
  const t = useWords();
  const [shown, setShown] = useState(pageSize);
  if (rows.length === 0) return <div className={classes['empty']}>{empty}</div>;
  const rest = rows.length - shown;
  return (
    <div className={classes['scroll']}>
      <table className={classes['table']} role="table" aria-label={label} data-fixed={columns.some(({ width }) => width !== undefined)}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.key}
                role="columnheader"
                scope="col"
                data-numeric={column.numeric}
                style={column.width === undefined ? {} : { width: column.width }}
              >
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.slice(0, shown).map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map((column) => (
                <td key={column.key} role="cell" data-label={column.label} data-numeric={column.numeric} data-tight={column.tight}>
                  <div>{column.render(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <div className={classes['more']}>
          <Button variant="subtle" size="compact-sm" onClick={() => setShown(shown + pageSize)}>
            {t.data.showMore(Math.min(rest, pageSize))}
          </Button>
        </div>
      )}
    </div>
  );
}
