import { desiredStateSchema } from '@takt/contracts';
import type { DesiredState, RuntimeStatus } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { loadIdentity } from '../identity/identity-store.js';
import type { NodeIdentity } from '../identity/identity-store.js';
import { ControlClient } from '../runtime/control-client.js';
import type { AgentContext } from '../run/context.js';
import { readDocument } from '../state/json-document.js';
import { EMPTY_LEDGER, ledgerSchema } from '../state/ledger.js';
import type { Ledger } from '../state/ledger.js';

export interface LocalLine {
  readonly slug: string;
  readonly status: RuntimeStatus | undefined;
  readonly error: TaktError | undefined;
}

/** What the disk and the runtimes of this node say, without a running agent and without a network. */
export interface LocalView {
  readonly identity: NodeIdentity | undefined;
  readonly desired: DesiredState | undefined;
  readonly ledger: Ledger;
  /** Reports that the database has not confirmed. */
  readonly pendingReports: number;
  readonly lines: readonly LocalLine[];
}

export async function readLocalView({ fs, folder }: AgentContext): Promise<LocalView> {
  const desired = await readDocument(fs, folder.desired, desiredStateSchema);
  const slugs = new Set([...(await fs.list(folder.lines)), ...(desired?.body.slots.map(({ line }) => line.slug) ?? [])]);
  const lines = await Promise.all(
    [...slugs].map(async (slug): Promise<LocalLine> => {
      try {
        return { slug, status: await new ControlClient(folder.lines, slug).status(), error: undefined };
      } catch (thrown) {
        return {
          slug,
          status: undefined,
          error: TaktError.from(thrown, { code: 'RuntimeUnreachable', action: `systemctl status takt-runtime@${slug}` }),
        };
      }
    }),
  );
  return {
    identity: (await loadIdentity(fs, folder))?.identity,
    desired,
    ledger: (await readDocument(fs, folder.ledger, ledgerSchema)) ?? EMPTY_LEDGER,
    pendingReports: (await fs.list(folder.journal)).length,
    lines,
  };
}
