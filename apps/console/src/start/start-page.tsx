import { Button, Checkbox } from '@mantine/core';
import type { RolloutPlanView } from '@takt/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
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
import { PlanPreview } from './plan-preview.js';
import { EMPTY_FORM, startRequest } from './start-form.js';
import type { StartForm, StartRequest } from './start-form.js';
import { StartFields } from './start-fields.js';

/** Form, preview, start: nothing is started that was not shown first. */
export function StartPage(): ReactElement {
  const t = useWords();
  const client = useClient();
  const queryClient = useQueryClient();
  const queries = useQueries();
  const mayAct = useMayAct();
  const [, navigate] = useLocation();
  const [form, setForm] = useState<StartForm>(EMPTY_FORM);
  const [wrong, setWrong] = useState<string>();
  const [shown, setShown] = useState<StartForm>();
  const releases = useQuery(queries.releases());
  const sites = useQuery(queries.sites());
  const nodes = useQuery(queries.nodes());

  const preview = useMutation({ mutationFn: (body: StartRequest) => client.call('planRollout', { body }) });
  const start = useMutation({
    mutationFn: (body: StartRequest) => client.call('createRollout', { body }),
    onSuccess: (rollout) => {
      void queryClient.invalidateQueries({ queryKey: ['rollouts'] });
      navigate(rolloutHref(rollout.name));
    },
  });

  const read = (): StartRequest | undefined => {
    const request = startRequest(form);
    setWrong(typeof request === 'string' ? request : undefined);
    return typeof request === 'string' ? undefined : request;
  };
  const onPreview = (): void => {
    const request = read();
    if (request === undefined) return;
    setShown(form);
    start.reset();
    preview.mutate(request);
  };
  const onStart = (): void => {
    const request = read();
    if (request !== undefined) start.mutate(request);
  };

  // Whether it takes the place of others is asked for after the preview, and changes nothing in it.
  const stale = differs(shown, form);
  const plan = preview.data;
  return (
    <Page title={t.start.title} lead={<To href="/rollouts">{t.rollout.title}</To>}>
      {!mayAct && <p className="quiet">{t.rollout.viewerOnly}</p>}
      <Columns>
        <form
          aria-label={t.start.title}
          onSubmit={(event) => {
            event.preventDefault();
            onPreview();
          }}
          style={{ display: 'grid', gap: 14, minWidth: 0 }}
        >
          <StartFields
            form={form}
            onChange={(change) => setForm((known) => ({ ...known, ...change }))}
            wrong={wrong}
            releases={releases.data}
            sites={(sites.data ?? []).map((site) => site.name)}
            profiles={[...new Set((nodes.data ?? []).flatMap((node) => (node.profile === null ? [] : [node.profile.name])))].sort()}
          />
          <div>
            <Button type="submit" variant={plan === undefined || stale ? 'filled' : 'default'} loading={preview.isPending}>
              {t.start.preview}
            </Button>
          </div>
        </form>
        <Panel title={t.start.previewTitle} note={t.start.previewHelp}>
          {preview.isError && <Refusal title={t.data.actionFailed} error={preview.error} />}
          {plan !== undefined && !preview.isError && (
            <>
              <PlanPreview plan={plan} />
              <Conflicts plan={plan} supersede={form.supersede} onChange={(supersede) => setForm((known) => ({ ...known, supersede }))} />
              {start.isError && <Refusal title={t.data.actionFailed} error={start.error} />}
              {stale && <p className="quiet">{t.start.stale}</p>}
              <Button
                onClick={onStart}
                loading={start.isPending}
                disabled={
                  !mayAct ||
                  stale ||
                  preview.isPending ||
                  (plan.conflicts.length > 0 && !form.supersede) ||
                  plan.waves.every((wave) => wave.nodes.length === 0)
                }
                mt={10}
              >
                {t.start.go}
              </Button>
            </>
          )}
        </Panel>
      </Columns>
    </Page>
  );
}

const differs = (shown: StartForm | undefined, form: StartForm): boolean =>
  shown === undefined || JSON.stringify({ ...shown, supersede: false }) !== JSON.stringify({ ...form, supersede: false });

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
