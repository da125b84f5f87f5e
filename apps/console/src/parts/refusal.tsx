import { Button } from '@mantine/core';
import { TaktError } from '@takt/kernel';
import type { ReactElement } from 'react';
import { useWords } from '../words/words-context.js';
import { Icon } from './icons.js';
import classes from './refusal.module.css';

interface RefusalProps {
  readonly title: string;
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}

/** What went wrong, its code, and the one next thing to do. */
export function Refusal({ title, error, onRetry }: RefusalProps): ReactElement {
  const t = useWords();
  const known = error instanceof TaktError ? error : undefined;
  const away = known?.code === 'ControlPlaneUnreachable' || known?.code === 'ControlPlaneTimeout';
  const message = away ? t.data.unreachable : (known?.message ?? (error instanceof Error ? error.message : String(error)));
  const action = away ? t.data.unreachableAction : known?.action;
  return (
    <div role="alert" className={classes['refusal']} data-tone={away ? 'warn' : 'bad'}>
      <div className={classes['head']}>
        <Icon name={away ? 'warn' : 'bad'} />
        <strong>{title}</strong>
        <span className="code">{known?.code ?? 'Internal'}</span>
      </div>
      <p>{message}</p>
      {action !== undefined && (
        <p className="quiet">
          {t.data.next}: {action}
        </p>
      )}
      {onRetry !== undefined && (
        <Button variant="default" size="xs" onClick={onRetry}>
          {t.data.retry}
        </Button>
      )}
    </div>
  );
}
