import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import type { ApiClient } from '@takt/api-client';
import type { RolloutDetail } from '@takt/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useClient } from '../data/client-context.js';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';
import type { RolloutAction } from './actions.js';
import { touched } from './buckets.js';

type Route = 'pauseRollout' | 'resumeRollout' | 'approveRollout' | 'abortRollout' | 'rollbackRollout';
const ROUTES: Readonly<Record<RolloutAction, Route>> = {
  pause: 'pauseRollout',
  resume: 'resumeRollout',
  approve: 'approveRollout',
  abort: 'abortRollout',
  rollback: 'rollbackRollout',
};

const act = (client: ApiClient, action: RolloutAction, ref: string, reason: string | null): Promise<RolloutDetail> =>
  client.call(ROUTES[action], { params: { ref }, body: { reason } });

export interface Question {
  readonly action: RolloutAction;
  /** Whether a word about why is needed; settled when the question is asked, for the phase may change meanwhile. */
  readonly reasonNeeded: boolean;
}

interface ActionDialogProps {
  readonly question: Question | undefined;
  readonly rollout: RolloutDetail;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Stands in the page all the time: the library gives the focus back only for a dialog that was there before it opened. */
export function ActionDialog({ question, rollout, opened, onClose }: ActionDialogProps): ReactElement {
  const t = useWords();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={question === undefined ? '' : t.rollout.confirmTitle(t.action[question.action], rollout.name)}
      centered
      closeButtonProps={{ 'aria-label': t.rollout.cancel }}
    >
      {question !== undefined && <ActionForm question={question} rollout={rollout} onClose={onClose} />}
    </Modal>
  );
}

/** Says what will happen, asks why, and does it. */
function ActionForm({ question, rollout, onClose }: { question: Question; rollout: RolloutDetail; onClose: () => void }): ReactElement {
  const { action, reasonNeeded } = question;
  const t = useWords();
  const client = useClient();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const change = useMutation({
    mutationFn: (why: string | null) => act(client, action, rollout.id, why),
    onSuccess: (answer) => {
      for (const ref of [rollout.name, rollout.id]) {
        queries.setQueryData(['rollouts', 'one', ref], (known: RolloutDetail | undefined) => (known === undefined ? undefined : answer));
      }
      void queries.invalidateQueries({ queryKey: ['rollouts'] });
      void queries.invalidateQueries({ queryKey: ['explain'] });
      onClose();
    },
  });
  const submit = (): void => {
    const why = reason.trim();
    setMissing(reasonNeeded && why === '');
    if (!reasonNeeded || why !== '') change.mutate(why === '' ? null : why);
  };
  const destructive = action === 'rollback' || action === 'abort';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack gap="sm">
        <div>
          <strong>{t.rollout.whatHappens}</strong>
          <div>{t.actionHelp[action]}</div>
          {destructive && <div className="quiet">{t.rollout.affected(touched(rollout.counts))}</div>}
        </div>
        <Textarea
          data-autofocus
          label={t.rollout.reasonLabel}
          description={t.rollout.reasonHelp}
          withAsterisk={reasonNeeded}
          autosize
          minRows={2}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={missing ? t.rollout.reasonNeeded : undefined}
        />
        {change.isError && <Refusal title={t.data.actionFailed} error={change.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t.rollout.cancel}
          </Button>
          <Button type="submit" color={destructive ? 'brick' : 'steel'} loading={change.isPending}>
            {t.action[action]}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
