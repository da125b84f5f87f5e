import type { RolloutDetail } from '@takt/contracts';
import { hasEnded } from '@takt/rollout';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { EventTable } from '../events/event-table.js';
import { GatesPanel } from '../gate/gates-panel.js';
import { ExplanationView } from '../parts/explanation.js';
import { To } from '../parts/link.js';
import { Loaded } from '../parts/loaded.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { Columns, Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { PHASE_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { ActionBar } from './action-bar.js';
import { MembersPanel } from './members-panel.js';
import { PolicyFacts } from './policy-facts.js';
import { WaveList } from './wave-list.js';

export function RolloutPage({ rolloutRef }: { rolloutRef: string }): ReactElement {
  const t = useWords();
  const rollout = useQuery(useQueries().rollout(rolloutRef));
  const { data } = rollout;
  return (
    <Page
      title={data?.name ?? rolloutRef}
      lead={data === undefined ? <To href="/rollouts">{t.rollout.title}</To> : <Lead rollout={data} />}
      aside={data !== undefined && <ActionBar rollout={data} />}
    >
      <Loaded query={rollout}>{(found) => <Rollout rollout={found} />}</Loaded>
    </Page>
  );
}

function Lead({ rollout }: { rollout: RolloutDetail }): ReactElement {
  const t = useWords();
  return (
    <>
      <span data-testid="rollout-phase" data-phase={rollout.phase}>
        <Mark sign={PHASE_SIGNS[rollout.phase]} loud>
          {t.phase[rollout.phase]}
        </Mark>
      </span>
      <span>{t.phaseHelp[rollout.phase]}</span>
      <span>
        {t.rollout.release} <strong>{rollout.release.name}</strong> · {t.rollout.model} {rollout.model}
      </span>
      <span>
        {t.rollout.createdBy} <span className="code">{rollout.createdBy}</span> · <Moment at={rollout.createdAt} />
      </span>
      {rollout.endedAt !== null && (
        <span>
          {t.rollout.ended} <Moment at={rollout.endedAt} />
        </span>
      )}
    </>
  );
}

function Rollout({ rollout }: { rollout: RolloutDetail }): ReactElement {
  const t = useWords();
  const queries = useQueries();
  const explanation = useQuery(queries.explainRollout(rollout.id));
  const events = useQuery(queries.eventsOf(rollout.id));
  const { hold } = rollout;
  const { localRollback } = rollout.policy;
  return (
    <>
      {hold !== null ? (
        <Panel title={t.rollout.hold} tone="warn" note={<span className="code">{hold.code}</span>}>
          <p style={{ margin: 0 }}>{hold.message}</p>
          <p style={{ margin: '4px 0 0', fontWeight: 550 }}>
            {t.rollout.suggested}: {hold.suggestedAction}
          </p>
        </Panel>
      ) : (
        <Panel title={t.rollout.why}>
          <Loaded query={explanation}>{(found) => <ExplanationView explanation={found} />}</Loaded>
        </Panel>
      )}
      {localRollback.onPerformanceBreach === 'report' && !hasEnded(rollout.phase) && (
        <Panel title={t.rollout.localOffTitle} tone="warn">
          <p style={{ margin: 0 }}>
            {t.rollout.localOffHelp} {localRollback.reason}
          </p>
        </Panel>
      )}
      <Columns>
        <Panel title={t.rollout.waves}>
          <WaveList rollout={rollout} />
        </Panel>
        <Panel title={t.rollout.policy}>
          <PolicyFacts policy={rollout.policy} />
        </Panel>
      </Columns>
      <GatesPanel rollout={rollout} />
      <MembersPanel rollout={rollout} />
      <Panel title={t.rollout.timeline} flush>
        <Loaded query={events}>
          {(list) => <EventTable label={t.rollout.timeline} events={list} empty={t.rollout.noTimeline} brief />}
        </Loaded>
      </Panel>
    </>
  );
}
