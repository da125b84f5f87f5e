import { randomUUID } from 'node:crypto';
import { TaktError } from '@takt/kernel';
import type { LoginCode, Stores } from '@takt/persistence';
import { isUnboundAdmin, requireUnknown } from './actor-names.js';
import { hashSecret, newLoginCode, normalizeLoginCode } from './secrets.js';

const CODE_LIFE_MS = 24 * 3_600_000;

/** Makes a new one-time code; every older one of its purpose is void. Returns it in clear, once. */
export async function issueLoginCode(stores: Stores, now: Date, purpose: LoginCode['purpose'] = 'token'): Promise<string> {
  const code = newLoginCode();
  await stores.access.replaceLoginCode({
    hash: hashSecret(code),
    purpose,
    createdAt: now,
    expiresAt: new Date(now.getTime() + CODE_LIFE_MS),
    usedAt: null,
  });
  return code;
}

/** Spends the code for an actor of that name, who is an admin of everything; false where the code is no good. */
export async function redeemLoginCode(stores: Stores, code: string, name: string, now: Date): Promise<boolean> {
  if (!(await stores.access.spendLoginCode(hashSecret(normalizeLoginCode(code)), now))) return false;
  // Refused here the code is not spent.
  if (!(await isUnboundAdmin(stores, name))) await requireUnknown(stores, name);
  await stores.access.ensureActor({ id: randomUUID(), name, createdAt: now });
  return true;
}

export const loginCodeInvalid = (): TaktError =>
  new TaktError({
    code: 'LoginCodeInvalid',
    message: 'the one-time code is wrong, used or expired',
    action: 'make a new one on the server: `takt-control-plane login-code`',
  });
