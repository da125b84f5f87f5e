import type { EventView } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { formatDateTime } from './figures.js';
import { renderTable } from './table.js';

const codeWord = (event: EventView, style: Style): string => {
  if (event.severity === 'error') return style.bad(event.code);
  return event.severity === 'warning' ? style.warn(event.code) : event.code;
};

export function renderEvents(events: readonly EventView[], style: Style): string {
  if (events.length === 0) return 'Nothing has happened yet.';
  return renderTable<EventView>(
    [
      { heading: 'Time', value: (event) => formatDateTime(event.at) },
      { heading: 'What', value: (event) => codeWord(event, style) },
      { heading: 'Object', value: (event) => `${event.object.kind} ${event.object.name}` },
      { heading: 'Actor', value: (event) => event.actor },
      { heading: 'Message', value: (event) => event.message },
    ],
    events,
    style,
  );
}

/** One event on one line, for a stream whose column widths are not known yet. */
export const renderEventLine = (event: EventView, style: Style): string =>
  oneLine(`${style.dim(formatDateTime(event.at))}  ${codeWord(event, style)}  ${event.object.kind} ${event.object.name}  ${event.message}`);
