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

const isPort = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;

/** What a file says that a person or a full disk may have cut short; undefined where it says nothing that can be used. */
export function parseState(content: string): DemoState | undefined {
  try {
    const { ports, shown } = JSON.parse(content) as Partial<DemoState>;
    const whole = ports !== undefined && [ports.postgres, ports.nats, ports.http].every(isPort) && typeof shown === 'boolean';
    return whole ? { ports, shown } : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined on a new folder and where the file is damaged: other ports are chosen then, and the demo goes on from what it finds. */
export async function readState(fs: DurableFs, dataDir: string): Promise<DemoState | undefined> {
  const content = text(await fs.read(statePath(dataDir)));
  return content === undefined ? undefined : parseState(content);
}

export const writeState = (fs: DurableFs, dataDir: string, state: DemoState): Promise<void> =>
  fs.write(statePath(dataDir), `${JSON.stringify(state, null, 2)}\n`);

export const readToken = async (fs: DurableFs, dataDir: string): Promise<string | undefined> => text(await fs.read(tokenPath(dataDir)));

export const writeToken = (fs: DurableFs, dataDir: string, token: string): Promise<void> => fs.write(tokenPath(dataDir), token);
