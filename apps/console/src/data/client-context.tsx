import type { ApiClient } from '@takt/api-client';
import { createContext, useContext } from 'react';

export const ClientContext = createContext<ApiClient | undefined>(undefined);

export function useClient(): ApiClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('no ClientContext above');
  return client;
}
