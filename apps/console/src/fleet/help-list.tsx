import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { formatFps, formatPercent } from '../format/numbers.js';
import { Empty } from '../parts/empty.js';
import { To } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { HELP_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import classes from './help-list.module.css';
import type { HelpItem } from './needs-help.js';

const FIRST = 6;

/** The list on top of the fleet page: the worst first, each with its reason and where to look. */
export function HelpList({ items }: { items: readonly HelpItem[] }): ReactElement {
  const t = useWords();
  const [all, setAll] = useState(false);
  if (items.length === 0) {
    return (
      <Empty>
        <Mark sign={{ tone: 'ok', icon: 'ok' }}>
          <span style={{ whiteSpace: 'normal' }}>{t.fleet.nobody}</span>
        </Mark>
      </Empty>
    );
  }
  const rest = items.length - FIRST;
  return (
    <>
      <ol className={classes['list']} aria-label={t.fleet.needsHelp}>
        {(all ? items : items.slice(0, FIRST)).map((item) => (
          <li key={item.key} className={classes['item']} data-tone={HELP_SIGNS[item.severity].tone} data-reason={item.reason}>
            <Mark sign={HELP_SIGNS[item.severity]} loud>
              {t.help.severity[item.severity]}
            </Mark>
            <span className={classes['what']}>
              <span className={classes['title']}>{t.help.title[item.reason]}</span>
              <To href={item.href}>{item.subject}</To>
              {item.site !== null && <span className="quiet">{item.site}</span>}
            </span>
            <span className={classes['why']}>
              <Why item={item} />
            </span>
          </li>
        ))}
      </ol>
      {rest > 0 && !all && (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          {t.data.showMore(rest)}
        </Button>
      )}
    </>
  );
}

function Why({ item }: { item: HelpItem }): ReactElement {
  const t = useWords();
  if (item.deliveredFps !== undefined && item.requiredFps !== undefined) {
    const share = formatPercent(item.deliveredFps / item.requiredFps, 0);
    return <>{t.help.rate(formatFps(item.deliveredFps), formatFps(item.requiredFps), share)}</>;
  }
  if (item.reason === 'NodeOffline') {
    return (
      <>
        {t.help.offline(item.lines ?? 0)} <Moment at={item.since ?? null} />
      </>
    );
  }
  if (item.reason === 'RuntimeUnreachable') return <>{t.help.runtime}</>;
  return (
    <>
      {item.code !== undefined && <span className="code">{item.code}</span>} {item.message}{' '}
      {item.since !== undefined && item.since !== null && (
        <span className="quiet">
          <Moment at={item.since} />
        </span>
      )}
    </>
  );
}
