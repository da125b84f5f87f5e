import { chmod, mkdir } from 'node:fs/promises';
import { nodeIdSchema } from '@takt/contracts';
import type { DurableFs } from '@takt/kernel';
import { createNodeKey, publicKeyOfSeed } from '@takt/messaging';
import type { NodeKey } from '@takt/messaging';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { readDocument, writeDocument } from '../state/json-document.js';

const identitySchema = z.object({
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
  readonly jwt: string;
}

/** The node's key, made on first use. The seed never leaves this folder. */
export async function loadOrCreateKey(fs: DurableFs, folder: DataFolder): Promise<NodeKey> {
  const stored = await fs.read(folder.identity.seed);
  if (stored !== undefined) {
    const seed = Buffer.from(stored).toString('utf8').trim();
    return { seed, publicKey: publicKeyOfSeed(seed) };
  }
  await mkdir(folder.identity.folder, { recursive: true, mode: 0o700 });
  await chmod(folder.identity.folder, 0o700);
  const key = createNodeKey();
  await fs.write(folder.identity.seed, `${key.seed}\n`, 0o600);
  return key;
}

/** What an earlier join left; undefined where the node has not joined (or was killed before it had). */
export async function loadIdentity(fs: DurableFs, folder: DataFolder): Promise<StoredIdentity | undefined> {
  const identity = await readDocument(fs, folder.identity.document, identitySchema);
  const seed = await fs.read(folder.identity.seed);
  const jwt = await fs.read(folder.identity.jwt);
  if (identity === undefined || seed === undefined || jwt === undefined) return undefined;
  return { identity, seed: Buffer.from(seed).toString('utf8').trim(), jwt: Buffer.from(jwt).toString('utf8').trim() };
}

/** The JWT first: an identity document says that everything else is there. */
export async function saveIdentity(fs: DurableFs, folder: DataFolder, identity: NodeIdentity, jwt: string): Promise<void> {
  await saveJwt(fs, folder, jwt);
  await writeDocument(fs, folder.identity.document, identity);
}

export const saveJwt = (fs: DurableFs, folder: DataFolder, jwt: string): Promise<void> => fs.write(folder.identity.jwt, `${jwt}\n`, 0o600);
