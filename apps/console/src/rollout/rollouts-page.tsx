import { Button, Switch } from '@mantine/core';
import { hasEnded } from '@takt/rollout';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { Link } from 'wouter';
import { useQueries } from '../data/queries.js';
import { DataTable } from '../parts/data-table.js';
import { Empty } from '../parts/empty.js';
import { To, rolloutHref } from '../parts/link.js';
import { Loaded } from '../parts/loaded.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { PHASE_SIGNS } from '../parts/tones.js';
import { useMayAct } from '../session/session-context.js';
import { useWords } from '../words/words-context.js';
import { BucketBar } from './bucket-bar.js';

export function RolloutsPage(): ReactElement {
  const t = useWords();
  const mayAct = useMayAct();
  const [onlyOpen, setOnlyOpen] = useState(false);
  const rollouts = useQuery(useQueries().rollouts());
  return (
    <Page
      title={t.rollout.title}
      aside={
        mayAct && (
          <Button component={Link} href="/rollouts/new">
            {t.rollout.start}
          </Button>
        )
      }
    >
      <Panel
        title={t.rollout.list}
        flush
        aside={
          <Switch size="sm" label={t.rollout.onlyOpen} checked={onlyOpen} onChange={(event) => setOnlyOpen(event.currentTarget.checked)} />
        }
      >
        <Loaded query={rollouts}>
          {(list) => (
            <DataTable
              label={t.rollout.title}
              rows={onlyOpen ? list.filter((rollout) => !hasEnded(rollout.phase)) : list}
              keyOf={(rollout) => rollout.id}
              empty={list.length > 0 ? t.rollout.noOpen : <Empty next={t.rollout.emptyNext}>{t.rollout.empty}</Empty>}
              columns={[
                {
                  key: 'name',
                  label: t.rollout.name,
                  tight: true,
                  render: (rollout) => <To href={rolloutHref(rollout.name)}>{rollout.name}</To>,
                },
                {
                  key: 'phase',
                  label: t.rollout.phase,
                  render: ({ phase, hold }) => (
                    <>
                      <Mark sign={PHASE_SIGNS[phase]}>{t.phase[phase]}</Mark>
                      {hold !== null && (
                        <div className="quiet" title={`${t.rollout.suggested}: ${hold.suggestedAction}`}>
                          <span className="code">{hold.code}</span> {hold.message}
                        </div>
                      )}
                    </>
                  ),
                },
                { key: 'release', label: t.rollout.release, tight: true, render: (rollout) => rollout.release.name },
                {
                  key: 'wave',
                  label: t.rollout.wave,
                  tight: true,
                  render: (rollout) => t.rollout.waveOf(Math.min(rollout.currentWave + 1, rollout.waves.length), rollout.waves.length),
                },
                { key: 'nodes', label: t.rollout.progress, render: (rollout) => <BucketBar counts={rollout.counts} /> },
                { key: 'created', label: t.rollout.created, tight: true, render: (rollout) => <Moment at={rollout.createdAt} /> },
                {
                  key: 'by',
                  label: t.rollout.createdBy,
                  tight: true,
                  render: (rollout) => <span className="code">{rollout.createdBy}</span>,
                },
              ]}
            />
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}
