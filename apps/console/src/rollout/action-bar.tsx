import { Button } from '@mantine/core';
import type { RolloutDetail } from '@takt/contracts';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { useMayAct } from '../session/session-context.js';
import { useWords } from '../words/words-context.js';
import { ActionDialog } from './action-dialog.js';
import { allowedActions } from './actions.js';
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
  const [chosen, setChosen] = useState<RolloutAction>();
  const actions = allowedActions(rollout.phase);
  if (actions.length === 0 && chosen === undefined) return null;
  if (!mayAct) return <span className="quiet">{t.rollout.viewerOnly}</span>;
  return (
    <div role="group" aria-label={t.rollout.actions} style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
      {actions.map((action) => (
        <Button
          key={action}
          variant={action === 'resume' && actions.includes('approve') ? 'light' : LOOK[action].variant}
          color={LOOK[action].color}
          onClick={() => setChosen(action)}
        >
          {t.action[action]}
        </Button>
      ))}
      {chosen !== undefined && <ActionDialog action={chosen} rollout={rollout} onClose={() => setChosen(undefined)} />}
    </div>
  );
}
