import { chmod, mkdir } from 'node:fs/promises';
import { nodeIdSchema } from '@takt/contracts';
import { examineDocument, examineFile } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import type { DurableFs, NodeId } from '@takt/kernel';
import { createNodeKey, jwtLife, publicKeyOfSeed } from '@takt/messaging';
import type { NodeKey } from '@takt/messaging';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { writeDocument } from '../state/json-document.js';
import type { StateFiles } from '../state/state-files.js';

export const identitySchema = z.object({
  nodeId: nodeIdSchema,
  nodeName: z.string(),
  site: z.string(),
  publicKey: z.string(),
  serverUrl: z.url(),
  natsUrls: z.array(z.string()).min(1),
});

/** Who this node is. The JWT lies in a file of its own, because it is renewed. */
export type NodeIdentity = z.output<typeof identitySchema>;

export interface StoredIdentity {
  readonly identity: NodeIdentity;
  readonly seed: string;
  /** Undefined where it is damaged: the key gets another one. */
  readonly jwt: string | undefined;
}

/** The parts of an identity that can be used. */
export interface IdentityParts {
  readonly identity: NodeIdentity | undefined;
  readonly seed: string | undefined;
  readonly jwt: string | undefined;
  /** Also known where only the JWT is whole. */
  readonly nodeId: NodeId | undefined;
}

/** The node's key, made on first use. The seed never leaves this folder. @throws TaktError `NodeKeyDamaged` */
export async function loadOrCreateKey(fs: DurableFs, folder: DataFolder): Promise<NodeKey> {
  const stored = await examineFile(fs, folder.identity.seed);
  if (stored.kind === 'read') {
    const problem = seedProblem(stored.value);
    if (problem !== undefined) throw keyDamaged(folder, problem);
    const seed = textOf(stored.value);
    return { seed, publicKey: publicKeyOfSeed(seed) };
  }
  if (stored.kind !== 'missing') throw keyDamaged(folder, stored.detail);
  await mkdir(folder.identity.folder, { recursive: true, mode: 0o700 });
  await chmod(folder.identity.folder, 0o700);
  const key = createNodeKey();
  await fs.write(folder.identity.seed, `${key.seed}\n`, 0o600);
  return key;
}

/**
 * What an earlier join left, without changing anything; undefined where the node has not joined, was killed before it had,
 * or its identity cannot be used.
 */
export async function loadIdentity(fs: DurableFs, folder: DataFolder): Promise<StoredIdentity | undefined> {
  const { document, copy, seed: seedPath, jwt: jwtPath } = folder.identity;
  const first = await examineDocument(fs, document, identitySchema);
  const identity = first.kind === 'read' ? first : await examineDocument(fs, copy, identitySchema);
  const seed = await examineFile(fs, seedPath);
  const jwt = await examineFile(fs, jwtPath);
  if (identity.kind !== 'read' || seed.kind !== 'read' || seedProblem(seed.value) !== undefined) return undefined;
  const isJwtUsable = jwt.kind === 'read' && jwtProblem(jwt.value) === undefined;
  return { identity: identity.value, seed: textOf(seed.value), jwt: isJwtUsable ? textOf(jwt.value) : undefined };
}

/** Reads the identity for the agent that runs: what is damaged is moved aside, and the document is made again from its copy. */
export async function recoverIdentity(files: StateFiles, folder: DataFolder): Promise<IdentityParts> {
  const { document, copy, seed: seedPath, jwt: jwtPath } = folder.identity;
  const first = await files.read(document, identitySchema, 'its copy or the control plane says who this node is');
  const second = await files.read(copy, identitySchema, 'it is written again');
  const seed = await files.readBytes(seedPath, seedProblem, 'without its key this node cannot prove who it is; lines go on');
  const jwt = await files.readBytes(jwtPath, jwtProblem, 'the key gets another one from the control plane');
  const identity = first ?? second;
  if (identity !== undefined && first === undefined) await files.restore(document, identity);
  if (identity !== undefined && second === undefined) await files.restore(copy, identity);
  return {
    identity,
    seed: seed === undefined ? undefined : textOf(seed),
    jwt: jwt === undefined ? undefined : textOf(jwt),
    nodeId: identity?.nodeId ?? (jwt === undefined ? undefined : nodeIdOfJwt(textOf(jwt))),
  };
}

/** The JWT first: an identity document says that everything else is there. */
export async function saveIdentity(fs: DurableFs, folder: DataFolder, identity: NodeIdentity, jwt: string): Promise<void> {
  await saveJwt(fs, folder, jwt);
  await writeDocument(fs, folder.identity.copy, identity);
  await writeDocument(fs, folder.identity.document, identity);
}

export const saveJwt = (fs: DurableFs, folder: DataFolder, jwt: string): Promise<void> => fs.write(folder.identity.jwt, `${jwt}\n`, 0o600);

/** The node that a JWT was issued to; its signature is not checked. */
const nodeIdOfJwt = (jwt: string): NodeId | undefined => {
  const { name } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as { readonly name?: string };
  return nodeIdSchema.safeParse(name?.replace(/^node /, '')).data;
};

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8').trim();

/** What is wrong with a seed; never says what is in it. */
export const seedProblem = (bytes: Uint8Array): string | undefined =>
  problemOf(() => publicKeyOfSeed(textOf(bytes)), 'it is not a node key');

export const jwtProblem = (bytes: Uint8Array): string | undefined =>
  problemOf(() => {
    const { issuedAtMs, lifeMs } = jwtLife(textOf(bytes));
    if (!Number.isFinite(issuedAtMs) || Number.isNaN(lifeMs)) throw new Error('no times');
  }, 'it is not a JWT');

function problemOf(check: () => void, problem: string): string | undefined {
  try {
    check();
    return undefined;
  } catch {
    return problem;
  }
}

const keyDamaged = ({ identity }: DataFolder, detail: string): TaktError =>
  new TaktError({
    code: 'NodeKeyDamaged',
    message: `the key of this node (${identity.seed}) cannot be used: ${detail}`,
    action: `restore the file from a backup; without one, move it away and join again: takt-agent join --server URL --token TOKEN --data DIR`,
    component: 'agent',
    element: identity.seed,
  });
