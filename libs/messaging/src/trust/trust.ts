import { join } from 'node:path';
import type { Account } from '@nats-io/jwt';
import { encodeAccount, encodeOperator } from '@nats-io/jwt';
import type { KeyPair } from '@nats-io/nkeys';
import { createAccount, createOperator, fromSeed } from '@nats-io/nkeys';
import type { DurableFs } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { nodesAccountClaims, taktAccountClaims } from './accounts.js';

/**
 * The keys behind every identity of one installation: an operator, the system account that may change accounts, the
 * account `TAKT` of the control plane, and the account `NODES` of all nodes. Seeds are files of mode 0600 in one folder.
 */
export interface Trust {
  readonly dir: string;
  readonly operator: KeyPair;
  readonly systemAccount: KeyPair;
  readonly account: KeyPair;
  readonly nodesAccount: KeyPair;
  readonly operatorJwt: string;
  readonly systemAccountJwt: string;
  readonly accountJwt: string;
  /** JWT of account `NODES` as last signed; revoking a node signs a new one. */
  nodesAccountJwt: string;
}

const FILES = {
  operator: { seed: 'operator.nk', jwt: 'operator.jwt', create: createOperator },
  systemAccount: { seed: 'system-account.nk', jwt: 'system-account.jwt', create: createAccount },
  account: { seed: 'account.nk', jwt: 'account.jwt', create: createAccount },
  nodesAccount: { seed: 'nodes-account.nk', jwt: 'nodes-account.jwt', create: createAccount },
} as const;

const UNLIMITED = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 } as const;
/** JetStream of account `TAKT` is bounded by the server's own store limits. */
const JETSTREAM = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 } as const;

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const text = (content: Uint8Array): string => decoder.decode(content).trim();

const readPair = async (fs: DurableFs, dir: string, file: string): Promise<KeyPair | undefined> => {
  const content = await fs.read(join(dir, file));
  if (content === undefined) return undefined;
  try {
    return fromSeed(encoder.encode(text(content)));
  } catch (cause) {
    throw new TaktError({
      code: 'TrustKeyDamaged',
      message: `trust key ${join(dir, file)} is not a NATS seed`,
      action: 'restore the trust folder from a backup',
      component: 'messaging',
      element: file,
      cause,
    });
  }
};

const ensurePair = async (fs: DurableFs, dir: string, file: string, create: () => KeyPair): Promise<KeyPair> => {
  const existing = await readPair(fs, dir, file);
  if (existing !== undefined) return existing;
  const pair = create();
  await fs.write(join(dir, file), decoder.decode(pair.getSeed()), 0o600);
  return pair;
};

const ensureJwt = async (fs: DurableFs, dir: string, file: string, encode: () => Promise<string>): Promise<string> => {
  const existing = await fs.read(join(dir, file));
  if (existing !== undefined) return text(existing);
  const jwt = await encode();
  await fs.write(join(dir, file), jwt, 0o600);
  return jwt;
};

/**
 * Makes the trust of a new installation, or completes and loads the one in `dir`. Safe to repeat after a crash at any
 * point: a key that is on disk is never replaced.
 */
export const createTrust = async (fs: DurableFs, dir: string): Promise<Trust> => {
  const operator = await ensurePair(fs, dir, FILES.operator.seed, FILES.operator.create);
  const systemAccount = await ensurePair(fs, dir, FILES.systemAccount.seed, FILES.systemAccount.create);
  const account = await ensurePair(fs, dir, FILES.account.seed, FILES.account.create);
  const nodesAccount = await ensurePair(fs, dir, FILES.nodesAccount.seed, FILES.nodesAccount.create);
  const operatorJwt = await ensureJwt(fs, dir, FILES.operator.jwt, () =>
    encodeOperator('takt', operator, { system_account: systemAccount.getPublicKey() }),
  );
  const systemAccountJwt = await ensureJwt(fs, dir, FILES.systemAccount.jwt, () =>
    encodeAccount('SYS', systemAccount, { limits: { ...UNLIMITED } }, { signer: operator }),
  );
  const accountJwt = await ensureJwt(fs, dir, FILES.account.jwt, () =>
    encodeAccount('TAKT', account, { ...taktAccountClaims(), limits: { ...UNLIMITED, ...JETSTREAM } }, { signer: operator }),
  );
  const nodesAccountJwt = await ensureJwt(fs, dir, FILES.nodesAccount.jwt, () =>
    encodeNodesAccount(operator, nodesAccount, { ...nodesAccountClaims(account.getPublicKey()), limits: { ...UNLIMITED } }),
  );
  return { dir, operator, systemAccount, account, nodesAccount, operatorJwt, systemAccountJwt, accountJwt, nodesAccountJwt };
};

/** Loads a complete trust. @throws TaktError `TrustMissing` where a key or JWT is not there */
export const loadTrust = async (fs: DurableFs, dir: string): Promise<Trust> => {
  for (const { seed, jwt } of Object.values(FILES)) {
    for (const file of [seed, jwt]) {
      if ((await fs.read(join(dir, file))) === undefined) {
        throw new TaktError({
          code: 'TrustMissing',
          message: `trust folder ${dir} has no ${file}`,
          action: 'start takt once with this folder, or restore it from a backup',
          component: 'messaging',
          element: file,
        });
      }
    }
  }
  return createTrust(fs, dir);
};

export const encodeNodesAccount = (operator: KeyPair, nodesAccount: KeyPair, claims: Partial<Account>): Promise<string> =>
  encodeAccount('NODES', nodesAccount, claims, { signer: operator });

/** Stores a newly signed JWT of account `NODES`; the server learns it from `pushAccount`. */
export const storeNodesAccountJwt = async (fs: DurableFs, trust: Trust, nodesAccountJwt: string): Promise<void> => {
  await fs.write(join(trust.dir, FILES.nodesAccount.jwt), nodesAccountJwt, 0o600);
  trust.nodesAccountJwt = nodesAccountJwt;
};
