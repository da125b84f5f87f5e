import { Button, Group, Modal, Stack } from '@mantine/core';
import type { RolloutPlanView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';

interface ConfirmStartProps {
  readonly plan: RolloutPlanView;
  readonly pending: boolean;
  readonly error: Error | null;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** The last question before nodes move: how many, in how many steps, and what a failed gate does. */
export function ConfirmStart({ plan, pending, error, onConfirm, onClose }: ConfirmStartProps): ReactElement {
  const t = useWords();
  const nodes = plan.waves.reduce((sum, wave) => sum + wave.nodes.length, 0);
  const { onGate, localRollback } = plan.policy;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t.start.confirmTitle(plan.release.name)}
      centered
      closeButtonProps={{ 'aria-label': t.rollout.cancel }}
    >
      <Stack gap="sm">
        <div>{t.start.confirmReach(nodes, plan.waves.length)}</div>
        <div>{t.start.confirmFailed[onGate.failed]}</div>
        {localRollback.onPerformanceBreach === 'report' && <div>{t.start.confirmLocalOff}</div>}
        {plan.conflicts.length > 0 && <div>{t.start.confirmSupersedes(plan.conflicts.map(({ name }) => name).join(', '))}</div>}
        {error !== null && <Refusal title={t.data.actionFailed} error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t.rollout.cancel}
          </Button>
          <Button data-autofocus onClick={onConfirm} loading={pending}>
            {t.start.go}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
