import { TaktError } from '@takt/kernel';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { Redirect, useLocation } from 'wouter';
import { useClient } from '../data/client-context.js';
import { Loading } from '../parts/loaded.js';
import { Refusal } from '../parts/refusal.js';
import { useWords } from '../words/words-context.js';
import { SessionContext } from './session-context.js';

const RETRY_MS = 5_000;

/** Draws its children for whoever is logged in; sends everybody else to the login, and back to the same page after it. */
export function SessionGate({ children }: { children: ReactNode }): ReactElement {
  const t = useWords();
  const client = useClient();
  const queries = useQueryClient();
  const [location, navigate] = useLocation();
  const me = useQuery({
    queryKey: ['me'],
    queryFn: ({ signal }) => client.call('whoAmI', {}, { signal }),
    staleTime: 60_000,
    retry: false,
    refetchInterval: (query) => (query.state.status === 'error' ? RETRY_MS : false),
  });

  const logOut = useCallback(async () => {
    await client.call('endSession').catch(() => undefined);
    queries.clear();
    navigate('/login');
  }, [client, queries, navigate]);
  const session = useMemo(() => (me.data === undefined ? undefined : { who: me.data, logOut }), [me.data, logOut]);

  const refused = me.isError && !(me.error instanceof TaktError && me.error.retryable);
  if (refused) return <Redirect to={location === '/' ? '/login' : `/login?next=${encodeURIComponent(location)}`} replace />;
  if (session !== undefined) return <SessionContext value={session}>{children}</SessionContext>;
  if (!me.isError) return <Loading />;
  return (
    <div style={{ maxWidth: 560, margin: '15vh auto', padding: 16 }}>
      <Refusal title={t.data.failed} error={me.error} onRetry={() => void me.refetch()} />
    </div>
  );
}
