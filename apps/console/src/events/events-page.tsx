import { Button, SegmentedControl } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { Loaded } from '../parts/loaded.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';
import { EventTable } from './event-table.js';

const PAGE = 100;
/** The API's own limit. */
const MOST = 1000;
type Filter = 'all' | 'warning' | 'error';

export function EventsPage(): ReactElement {
  const t = useWords();
  const [limit, setLimit] = useState(PAGE);
  const [filter, setFilter] = useState<Filter>('all');
  const events = useQuery({ ...useQueries().events(limit), placeholderData: keepPreviousData });
  return (
    <Page title={t.events.title}>
      <Panel
        title={t.events.newest}
        flush
        aside={
          <SegmentedControl
            size="xs"
            aria-label={t.events.filter}
            value={filter}
            onChange={(value) => setFilter(value)}
            data={[
              { value: 'all', label: t.events.all },
              { value: 'warning', label: t.severity.warning },
              { value: 'error', label: t.severity.error },
            ]}
          />
        }
      >
        <Loaded query={events}>
          {(list) => (
            <>
              <EventTable
                label={t.events.title}
                events={filter === 'all' ? list : list.filter((event) => event.severity === filter)}
                empty={list.length === 0 ? t.events.empty : t.events.noMatch}
              />
              {list.length >= limit && limit < MOST && (
                <div style={{ padding: '4px 12px' }}>
                  <Button
                    variant="subtle"
                    size="compact-sm"
                    loading={events.isPlaceholderData}
                    onClick={() => setLimit(Math.min(MOST, limit * 2))}
                  >
                    {t.events.more}
                  </Button>
                </div>
              )}
            </>
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}
