import type { WhoAmI } from '@takt/contracts';
import { createContext, useContext } from 'react';

export interface Session {
  readonly who: WhoAmI;
  readonly logOut: () => Promise<void>;
}

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('nobody is logged in');
  return session;
}

/** Viewers look; operators and admins act. */
export const useMayAct = (): boolean => useSession().who.role !== 'viewer';
