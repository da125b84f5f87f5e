import type { Condition } from '@takt/contracts';
import type { ReactElement } from 'react';
import { DataTable } from '../parts/data-table.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import type { Sign } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';

const SIGNS: Readonly<Record<Condition['status'], Sign>> = {
  true: { tone: 'ok', icon: 'ok' },
  false: { tone: 'bad', icon: 'bad' },
  unknown: { tone: 'idle', icon: 'ask' },
};

export function Conditions({ conditions }: { conditions: readonly Condition[] }): ReactElement {
  const t = useWords();
  return (
    <DataTable
      label={t.node.conditions}
      rows={[...conditions].sort((a, b) => a.status.localeCompare(b.status) || a.type.localeCompare(b.type))}
      keyOf={(condition) => condition.type}
      empty={t.node.noConditions}
      columns={[
        {
          key: 'type',
          label: t.node.condition,
          render: (condition) => (
            <Mark sign={SIGNS[condition.status]}>
              <span className="code">{condition.type}</span>
            </Mark>
          ),
        },
        {
          key: 'reason',
          label: t.node.reason,
          render: (condition) => (
            <>
              <span className="code">{condition.reason}</span> · {condition.message}
              {condition.action !== null && (
                <div className="quiet">
                  {t.data.next}: {condition.action}
                </div>
              )}
            </>
          ),
        },
        { key: 'since', label: t.gate.since, tight: true, render: (condition) => <Moment at={condition.since} /> },
      ]}
    />
  );
}
