import { TaktError } from '@takt/kernel';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

/** Codes with which the API says that nobody is logged in (any more). */
const SESSION_ENDED = /^(NotAuthenticated|Token|Session)/;

export function createQueryClient(): QueryClient {
  const onError = (error: unknown): void => {
    if (error instanceof TaktError && SESSION_ENDED.test(error.code)) void client.invalidateQueries({ queryKey: ['me'] });
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => (query.queryKey[0] === 'me' ? undefined : onError(error)) }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // A refusal stays one; an outage is waited out.
        retry: (failures, error) => error instanceof TaktError && error.retryable && failures < 3,
        retryDelay: (failures) => Math.min(8_000, 500 * 2 ** failures),
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  return client;
}
