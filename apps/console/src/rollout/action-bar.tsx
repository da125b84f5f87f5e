import { Button } from '@mantine/core';
import type { RolloutDetail } from '@takt/contracts';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useMayAct } from '../session/session-context.js';
import { useWords } from '../words/words-context.js';
import { ActionDialog } from './action-dialog.js';
import type { Question } from './action-dialog.js';
import { allowedActions, needsReason } from './actions.js';
import type { RolloutAction } from './actions.js';

const LOOK: Readonly<Record<RolloutAction, { readonly variant: string; readonly color: string }>> = {
  approve: { variant: 'filled', color: 'steel' },
  resume: { variant: 'filled', color: 'steel' },
  pause: { variant: 'default', color: 'gray' },
  abort: { variant: 'default', color: 'gray' },
  rollback: { variant: 'outline', color: 'brick' },
};

/** What may be done now, and only that. */
export function ActionBar({ rollout }: { rollout: RolloutDetail }): ReactElement | null {
  const t = useWords();
  const mayAct = useMayAct();
  const [question, setQuestion] = useState<Question>();
  const [opened, setOpened] = useState(false);
  const actions = allowedActions(rollout.phase);
  if (actions.length === 0 && !opened) return null;
  if (!mayAct) return <span className="quiet">{t.rollout.viewerOnly}</span>;
  const ask = (action: RolloutAction): void => {
    setQuestion({ action, reasonNeeded: needsReason(action, rollout.phase) });
    setOpened(true);
  };
  return (
    <div role="group" aria-label={t.rollout.actions} style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
      {actions.map((action) => (
        <Button
          key={action}
          variant={action === 'resume' && actions.includes('approve') ? 'light' : LOOK[action].variant}
          color={LOOK[action].color}
          onClick={() => ask(action)}
        >
          {t.action[action]}
        </Button>
      ))}
      <ActionDialog question={question} rollout={rollout} opened={opened} onClose={() => setOpened(false)} />
    </div>
  );
}
