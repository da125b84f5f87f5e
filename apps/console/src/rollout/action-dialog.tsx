import { Button, Group, Modal, Stack, Textarea } from '@mantine/core';
import type { ApiClient } from '@takt/api-client';
import type { RolloutDetail } from '@takt/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useClient } from '../data/client-context.js';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';
import { needsReason } from './actions.js';
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

/** Says what will happen, asks why, and does it. */
export function ActionDialog(props: { action: RolloutAction; rollout: RolloutDetail; onClose: () => void }): ReactElement {
  const { action, rollout, onClose } = props;
  const t = useWords();
  const client = useClient();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  // The phase may change while somebody thinks; what was asked at first stays the question.
  const [required] = useState(() => needsReason(action, rollout.phase));
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
    setMissing(required && why === '');
    if (!required || why !== '') change.mutate(why === '' ? null : why);
  };
  const destructive = action === 'rollback' || action === 'abort';
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.rollout.confirmTitle(t.action[action], rollout.name)}
      centered
      closeButtonProps={{ 'aria-label': t.rollout.cancel }}
    >
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
            withAsterisk={required}
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
    </Modal>
  );
}
