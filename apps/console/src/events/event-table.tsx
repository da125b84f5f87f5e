import type { EventView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { DataTable } from '../parts/data-table.js';
import { To, nodeHref, rolloutHref } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { SEVERITY_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';

/** `brief` leaves out the object where it is the same for all. */
export function EventTable(props: { label: string; events: readonly EventView[]; empty: string; brief?: boolean }): ReactElement {
  const t = useWords();
  return (
    <DataTable
      label={props.label}
      rows={props.events}
      keyOf={(event) => String(event.seq)}
      empty={props.empty}
      columns={[
        { key: 'at', label: t.events.at, tight: true, render: (event) => <Moment at={event.at} /> },
        {
          key: 'severity',
          label: t.events.severity,
          render: (event) => <Mark sign={SEVERITY_SIGNS[event.severity]}>{t.severity[event.severity]}</Mark>,
        },
        { key: 'code', label: t.events.code, tight: true, render: (event) => <span className="code">{event.code}</span> },
        ...(props.brief === true
          ? []
          : [
              {
                key: 'object',
                label: t.events.object,
                render: (event: EventView) => <ObjectCell object={event.object} site={event.site} />,
              },
            ]),
        { key: 'message', label: t.events.message, render: (event) => event.message },
        { key: 'actor', label: t.events.actor, tight: true, render: (event) => <span className="code">{event.actor}</span> },
      ]}
    />
  );
}

function ObjectCell({ object, site }: Pick<EventView, 'object' | 'site'>): ReactElement {
  const href = object.kind === 'node' ? nodeHref(object.name) : object.kind === 'rollout' ? rolloutHref(object.name) : undefined;
  return (
    <>
      <span className="quiet">{object.kind}</span> {href === undefined ? object.name : <To href={href}>{object.name}</To>}
      {site !== null && <span className="quiet"> · {site}</span>}
    </>
  );
}
