import { join } from 'node:path';
import type { DurableFs } from '@takt/kernel';

/** What the demo remembers between starts. Not a secret, but for the token file, which is mode 0600. */
export interface DemoState {
  readonly ports: { readonly postgres: number; readonly nats: number; readonly http: number };
  /** Whether both releases were shown before: a later start only serves. */
  readonly shown: boolean;
}

const statePath = (dataDir: string): string => join(dataDir, 'demo.json');
const tokenPath = (dataDir: string): string => join(dataDir, 'demo-token');
const text = (bytes: Uint8Array | undefined): string | undefined => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));

export async function readState(fs: DurableFs, dataDir: string): Promise<DemoState | undefined> {
  const content = text(await fs.read(statePath(dataDir)));
  return content === undefined ? undefined : (JSON.parse(content) as DemoState);
}

export const writeState = (fs: DurableFs, dataDir: string, state: DemoState): Promise<void> =>
  fs.write(statePath(dataDir), `${JSON.stringify(state, null, 2)}\n`);

export const readToken = async (fs: DurableFs, dataDir: string): Promise<string | undefined> => text(await fs.read(tokenPath(dataDir)));

export const writeToken = (fs: DurableFs, dataDir: string, token: string): Promise<void> => fs.write(tokenPath(dataDir), token);
