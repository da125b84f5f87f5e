import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ServerArtifactStore } from '@takt/artifact-store';
import type { Clock, DurableFs, Logger, Sha256 } from '@takt/kernel';
import type { Trust } from '@takt/messaging';
import type { Database } from '@takt/persistence';
import type { Config } from '../config.js';
import type { Addresses } from '../join/addresses.js';
import type { MessagingState } from './messaging-runtime.js';
import type { Pauses } from './pauses.js';
import type { BackgroundWork } from './watched-work.js';

/** Everything that the modules are wired from. Made once per process, in `start.ts`. */
export interface Parts {
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly pauses: Pauses;
  readonly db: Database;
  readonly files: ServerArtifactStore;
  readonly trust: Trust;
  readonly addresses: Addresses & { readonly grantSeconds: number };
  /** Key of grants and nonces; the same for all replicas, since it lies beside the trust. */
  readonly secret: Uint8Array;
  readonly messaging: MessagingState;
  /** What runs in the background, for the health answer. */
  readonly work: BackgroundWork;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };

export const sha256: Sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** The installation's own secret, made once. */
export async function ensureSecret(fs: DurableFs, trustDir: string): Promise<Uint8Array> {
  const path = join(trustDir, 'server.key');
  const existing = await fs.read(path);
  if (existing !== undefined) return existing;
  await fs.write(path, randomBytes(32), 0o600);
  const written = await fs.read(path);
  if (written === undefined) throw new Error(`${path} vanished after it was written`);
  return written;
}
