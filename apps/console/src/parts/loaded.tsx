import { Loader } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactElement, ReactNode } from 'react';
import { useWords } from '../words/words-context.js';
import { Refusal } from './refusal.js';

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
}

/** What was read, or why it is not there yet. Data that came once stays on the screen while later readings fail. */
export function Loaded<T>({ query, children }: LoadedProps<T>): ReactElement {
  const t = useWords();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) {
    return (
      <div style={{ padding: 16 }}>
        <Refusal title={t.data.failed} error={query.error} onRetry={() => void query.refetch()} />
      </div>
    );
  }
  return <Loading />;
}

export function Loading(): ReactElement {
  const t = useWords();
  return (
    <div role="status" aria-live="polite" style={{ padding: 24, display: 'flex', gap: 10, alignItems: 'center' }}>
      <Loader size="sm" />
      <span className="quiet">{t.data.loading} …</span>
    </div>
  );
}
