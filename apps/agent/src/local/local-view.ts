import { join, relative } from 'node:path';
import { committedSlotsSchema, desiredStateSchema, lineAssignmentSchema } from '@takt/contracts';
import type { DesiredState, RuntimeStatus } from '@takt/contracts';
import { examineDocument, examineFile } from '@takt/durable-fs';
import type { DocumentReading, DocumentSchema } from '@takt/durable-fs';
import { TaktError } from '@takt/kernel';
import { identitySchema, jwtProblem, loadIdentity, seedProblem } from '../identity/identity-store.js';
import type { NodeIdentity } from '../identity/identity-store.js';
import { ControlClient } from '../runtime/control-client.js';
import type { AgentContext } from '../run/context.js';
import { headSchema } from '../state/journal.js';
import { EMPTY_LEDGER, ledgerSchema } from '../state/ledger.js';
import type { Ledger } from '../state/ledger.js';
import { failedSchema } from '../state/memory.js';
import { quarantinedByAgent, quarantinedByLines } from '../state/quarantine-listing.js';
import { recordSchema } from '../work/activation-records.js';

export interface LocalLine {
  readonly slug: string;
  readonly status: RuntimeStatus | undefined;
  readonly error: TaktError | undefined;
}

/** A file of the data folder that cannot be used now. */
export interface LocalDamage {
  /** Relative to the data folder. */
  readonly file: string;
  readonly kind: 'damaged' | 'unreadable';
  readonly detail: string;
}

/** What the disk and the runtimes of this node say, without a running agent and without a network. */
export interface LocalView {
  readonly identity: NodeIdentity | undefined;
  readonly desired: DesiredState | undefined;
  readonly ledger: Ledger;
  /** Reports that the database has not confirmed. */
  readonly pendingReports: number;
  readonly lines: readonly LocalLine[];
  readonly damage: readonly LocalDamage[];
  /** Damaged files that were moved to a quarantine folder, relative to the data folder. */
  readonly quarantined: readonly string[];
}

/** Changes nothing on disk: the agent may be running. A file that cannot be used counts as missing and is listed. */
export async function readLocalView({ fs, folder }: AgentContext): Promise<LocalView> {
  const damage: LocalDamage[] = [];
  const valueOf = <T>(path: string, found: DocumentReading<T>): T | undefined => {
    if (found.kind === 'read') return found.value;
    if (found.kind !== 'missing') damage.push({ file: relative(folder.root, path), kind: found.kind, detail: found.detail });
    return undefined;
  };
  const read = async <T>(path: string, schema: DocumentSchema<T>): Promise<T | undefined> =>
    valueOf(path, await examineDocument(fs, path, schema));
  const check = async (path: string, problem: (bytes: Uint8Array) => string | undefined): Promise<void> => {
    const found = await examineFile(fs, path);
    const detail = found.kind === 'read' ? problem(found.value) : undefined;
    valueOf(path, detail === undefined ? found : { kind: 'damaged', detail });
  };
  const list = (path: string): Promise<string[]> => fs.list(path).catch(() => []);

  const desired = await read(folder.desired, desiredStateSchema);
  const ledger = (await read(folder.ledger, ledgerSchema)) ?? EMPTY_LEDGER;
  await read(folder.current, committedSlotsSchema);
  await read(folder.rollback, committedSlotsSchema);
  await read(folder.failedContent, failedSchema);
  await read(folder.journalHead, headSchema);
  await read(folder.identity.document, identitySchema);
  await check(folder.identity.seed, seedProblem);
  await check(folder.identity.jwt, jwtProblem);
  const slugs = new Set([...(await list(folder.lines)), ...(desired?.body.slots.map(({ line }) => line.slug) ?? [])]);
  for (const slug of slugs) {
    await read(join(folder.lines, slug, 'line.json'), lineAssignmentSchema);
    await read(join(folder.lines, slug, 'activation.json'), recordSchema);
  }
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
    ledger,
    pendingReports: (await list(folder.journal)).length,
    lines,
    damage,
    quarantined: [...(await quarantinedByAgent(fs, folder)), ...(await quarantinedByLines(fs, folder))],
  };
}
