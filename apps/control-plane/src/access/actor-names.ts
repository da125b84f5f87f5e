import type { Stores } from '@takt/persistence';
import { alreadyExists, refused } from '../errors.js';

/** Names under which the system itself writes the record. */
const RESERVED = /^(?:control-plane$|node:)/i;

/**
 * A name for an actor that is made now.
 *
 * @throws TaktError `ActorNameReserved`
 */
export function requireFreeForm(name: string): void {
  if (RESERVED.test(name.trim())) {
    throw refused('ActorNameReserved', `the name "${name}" is what the system itself acts under`, 'choose another name', name);
  }
}

/** @throws TaktError `AlreadyExists` where there is an actor of that name */
export async function requireUnknown(stores: Stores, name: string): Promise<void> {
  if ((await stores.access.findActor(name)) !== null) throw alreadyExists('actor', name);
}

/** Whether everything that was ever given to this actor reaches everywhere: then it may be given to it again. */
export async function isUnboundAdmin(stores: Stores, name: string): Promise<boolean> {
  const tokens = (await stores.access.listTokens()).filter((token) => token.actor === name);
  return tokens.every((token) => token.role === 'admin' && token.siteIds === null);
}
