import { randomUUID } from 'node:crypto';
import { Role } from '@takt/contracts';
import type { LoginReply } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Clock } from '@takt/kernel';
import type { Database, Stores } from '@takt/persistence';
import { record } from '../record.js';
import { isUnboundAdmin, requireFreeForm, requireUnknown } from './actor-names.js';
import { hashSecret, newLoginCode, newToken, normalizeLoginCode } from './secrets.js';

const CODE_LIFE_MS = 24 * 3_600_000;
const WINDOW_MS = 60_000;
const FAILURES_PER_WINDOW = 20;
/** Addresses whose failures are remembered; the one that was first is forgotten first. */
const ADDRESSES = 10_000;

/** Makes a new one-time code; every older one is void. Returns it in clear, once. */
export async function issueLoginCode(stores: Stores, now: Date): Promise<string> {
  const code = newLoginCode();
  await stores.access.replaceLoginCode({
    hash: hashSecret(code),
    createdAt: now,
    expiresAt: new Date(now.getTime() + CODE_LIFE_MS),
    usedAt: null,
  });
  return code;
}

/** Exchanges the one-time code for an admin token. */
export class Login {
  /** Monotonic times of wrong codes, by remote address. */
  readonly #failures = new Map<string, number[]>();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** `address` is the remote one: whoever guesses keeps nobody else out. */
  async execute(input: { readonly code: string; readonly name: string }, address: string): Promise<LoginReply> {
    this.#refuseGuessing(address);
    requireFreeForm(input.name);
    const token = newToken('api');
    const now = new Date(this.clock.now());
    const accepted = await this.db.transaction(async (stores) => {
      if (!(await stores.access.spendLoginCode(hashSecret(normalizeLoginCode(input.code)), now))) return false;
      // Refused here the code is not spent.
      if (!(await isUnboundAdmin(stores, input.name))) await requireUnknown(stores, input.name);
      await stores.access.ensureActor({ id: randomUUID(), name: input.name, createdAt: now });
      const id = randomUUID();
      await stores.access.addToken({
        id,
        actor: input.name,
        hash: hashSecret(token),
        role: Role.admin,
        siteIds: null,
        createdAt: now,
        expiresAt: null,
        revokedAt: null,
      });
      record(stores, input.name, now, {
        code: 'LoggedIn',
        message: `${input.name} exchanged the one-time code for an admin token`,
        object: { kind: 'token', id, name: input.name },
        siteId: null,
      });
      return true;
    });
    if (!accepted) {
      this.#remember(address);
      throw new TaktError({
        code: 'LoginCodeInvalid',
        message: 'the one-time code is wrong, used or expired',
        action: 'make a new one on the server: `takt-control-plane login-code`',
      });
    }
    return { token, actor: input.name, role: Role.admin, expiresAt: null };
  }

  #remember(address: string): void {
    const failures = this.#failures.get(address) ?? [];
    this.#failures.set(address, [...failures, this.clock.monotonic()].slice(-FAILURES_PER_WINDOW));
    if (this.#failures.size <= ADDRESSES) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }

  #refuseGuessing(address: string): void {
    const since = this.clock.monotonic() - WINDOW_MS;
    const recent = (this.#failures.get(address) ?? []).filter((at) => at >= since);
    if (recent.length === 0) this.#failures.delete(address);
    if (recent.length < FAILURES_PER_WINDOW) return;
    throw new TaktError({ code: 'TooManyAttempts', message: 'too many wrong codes in a minute', action: 'wait a minute', retryable: true });
  }
}
