import { Button, Checkbox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { RolloutPlanView } from '@takt/contracts';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useLocation } from 'wouter';
import { useClient } from '../data/client-context.js';
import { useQueries } from '../data/queries.js';
import { To, rolloutHref } from '../parts/link.js';
import { Columns, Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { Refusal } from '../parts/refusal.js';
import { useMayAct } from '../session/session-context.js';
import { useWords } from '../words/words-context.js';
import { ConfirmStart } from './confirm-start.js';
import { PlanPreview } from './plan-preview.js';
import { EMPTY_FORM, startRequest } from './start-form.js';
import type { StartForm, StartRequest } from './start-form.js';
import { StartFields } from './start-fields.js';

/** A plan is asked for when somebody has stopped typing. */
const TYPING_MS = 400;

/** Form, preview, question, start: nothing is started that was not shown first. */
export function StartPage(): ReactElement {
  const t = useWords();
  const queries = useQueries();
  const mayAct = useMayAct();
  const [form, setForm] = useState<StartForm>(EMPTY_FORM);
  const releases = useQuery(queries.releases());
  const sites = useQuery(queries.sites());
  const nodes = useQuery(queries.nodes());
  const change = (part: Partial<StartForm>): void => setForm((known) => ({ ...known, ...part }));
  const request = startRequest(form);
  const wrong = typeof request === 'string' ? request : undefined;
  return (
    <Page title={t.start.title} lead={<To href="/rollouts">{t.rollout.title}</To>}>
      {!mayAct && <p className="quiet">{t.rollout.viewerOnly}</p>}
      <Columns>
        <form
          aria-label={t.start.title}
          onSubmit={(event) => event.preventDefault()}
          style={{ display: 'grid', gap: 14, minWidth: 0, alignContent: 'start' }}
        >
          <StartFields
            form={form}
            onChange={change}
            // A release that nobody has chosen yet is no mistake.
            wrong={wrong === 'release' ? undefined : wrong}
            releases={releases.data}
            sites={(sites.data ?? []).map((site) => site.name)}
            profiles={[...new Set((nodes.data ?? []).flatMap((node) => (node.profile === null ? [] : [node.profile.name])))].sort()}
          />
        </form>
        <Panel title={t.start.previewTitle} note={t.start.previewHelp}>
          {typeof request === 'string' ? (
            <p className="quiet">{request === 'release' ? t.start.chooseRelease : t.start.mendForm}</p>
          ) : (
            <PlanAndStart request={request} onSupersede={(supersede) => change({ supersede })} />
          )}
        </Panel>
      </Columns>
    </Page>
  );
}

function PlanAndStart({ request, onSupersede }: { request: StartRequest; onSupersede: (supersede: boolean) => void }): ReactElement {
  const t = useWords();
  const client = useClient();
  const queryClient = useQueryClient();
  const mayAct = useMayAct();
  const [, navigate] = useLocation();
  const [asking, setAsking] = useState(false);
  // Whether it takes the place of others changes nothing in the plan.
  const wanted = JSON.stringify({ ...request, supersede: false });
  const [settled] = useDebouncedValue(wanted, TYPING_MS);
  const preview = useQuery({
    queryKey: ['rollouts', 'plan', settled],
    queryFn: ({ signal }) => client.call('planRollout', { body: JSON.parse(settled) as StartRequest }, { signal }),
    placeholderData: keepPreviousData,
    retry: false,
  });
  const start = useMutation({
    mutationFn: () => client.call('createRollout', { body: request }),
    onSuccess: (rollout) => {
      void queryClient.invalidateQueries({ queryKey: ['rollouts'] });
      navigate(rolloutHref(rollout.name));
    },
  });
  if (preview.isError) return <Refusal title={t.data.actionFailed} error={preview.error} onRetry={() => void preview.refetch()} />;
  const plan = preview.data;
  if (plan === undefined) return <p className="quiet">{t.start.working}</p>;
  const stale = settled !== wanted || preview.isPlaceholderData;
  const blocked = (plan.conflicts.length > 0 && !request.supersede) || plan.waves.every((wave) => wave.nodes.length === 0);
  return (
    <div aria-busy={stale}>
      <PlanPreview plan={plan} />
      <Conflicts plan={plan} supersede={request.supersede} onChange={onSupersede} />
      <Button
        onClick={() => {
          start.reset();
          setAsking(true);
        }}
        disabled={!mayAct || stale || blocked}
        mt={14}
      >
        {t.start.go}
      </Button>
      {stale && <p className="quiet">{t.start.working}</p>}
      {asking && !stale && (
        <ConfirmStart
          plan={plan}
          pending={start.isPending}
          error={start.error}
          onConfirm={() => start.mutate()}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function Conflicts(props: { plan: RolloutPlanView; supersede: boolean; onChange: (supersede: boolean) => void }): ReactElement | null {
  const t = useWords();
  const { conflicts } = props.plan;
  if (conflicts.length === 0) return null;
  return (
    <div style={{ margin: '10px 0' }}>
      <div>
        {t.start.conflicts}:{' '}
        {conflicts.map((rollout) => (
          <span key={rollout.id} style={{ marginRight: 8 }}>
            <To href={rolloutHref(rollout.name)}>{rollout.name}</To>
          </span>
        ))}
      </div>
      <Checkbox
        mt={6}
        label={t.start.supersede}
        checked={props.supersede}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
    </div>
  );
}
