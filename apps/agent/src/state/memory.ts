import { deploymentIdSchema, releaseSpecSchema, slotIdSchema } from '@takt/contracts';
import type { DesiredSlot } from '@takt/contracts';
import type { DurableFs } from '@takt/kernel';
import type { FailedContent } from '@takt/reconcile';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { readDocument, writeDocument } from './json-document.js';

const failedSchema = z.record(z.string(), z.object({ deploymentId: deploymentIdSchema, reason: z.string(), message: z.string() }));

const committedSchema = z.object({
  slots: z.record(slotIdSchema, z.object({ deploymentId: deploymentIdSchema, buildKey: z.string(), release: releaseSpecSchema })),
});
export type CommittedDocument = z.output<typeof committedSchema>;

const NOTHING: CommittedDocument = { slots: {} };

/** Contents that failed on this box, oldest first. */
const REMEMBERED_FAILURES = 100;

/** What this node keeps beyond one deployment: failed contents, and what each slot serves and served before. */
export class NodeMemory {
  readonly #fs: DurableFs;
  readonly #folder: DataFolder;
  #failed: ReadonlyMap<string, FailedContent>;
  #current: CommittedDocument;
  #rollback: CommittedDocument;

  private constructor(
    fs: DurableFs,
    folder: DataFolder,
    failed: ReadonlyMap<string, FailedContent>,
    current: CommittedDocument,
    rollback: CommittedDocument,
  ) {
    this.#fs = fs;
    this.#folder = folder;
    this.#failed = failed;
    this.#current = current;
    this.#rollback = rollback;
  }

  static async open(fs: DurableFs, folder: DataFolder): Promise<NodeMemory> {
    const failed = (await readDocument(fs, folder.failedContent, failedSchema)) ?? {};
    const current = (await readDocument(fs, folder.current, committedSchema)) ?? NOTHING;
    const rollback = (await readDocument(fs, folder.rollback, committedSchema)) ?? NOTHING;
    return new NodeMemory(fs, folder, new Map(Object.entries(failed)), current, rollback);
  }

  get failedContent(): ReadonlyMap<string, FailedContent> {
    return this.#failed;
  }

  get current(): CommittedDocument {
    return this.#current;
  }

  get rollback(): CommittedDocument {
    return this.#rollback;
  }

  /** Notices that a person had the failed contents forgotten while the agent runs. */
  async noticeForgotten(): Promise<void> {
    if (this.#failed.size > 0 && (await this.#fs.read(this.#folder.failedContent)) === undefined) this.#failed = new Map();
  }

  async rememberFailure(contentKey: string, failure: FailedContent): Promise<void> {
    if (this.#failed.has(contentKey)) return;
    const next = [...this.#failed, [contentKey, failure] as const].slice(-REMEMBERED_FAILURES);
    await writeDocument(this.#fs, this.#folder.failedContent, Object.fromEntries(next));
    this.#failed = new Map(next);
  }

  /** The slot's deployment stays; the one it had becomes what a rollback goes to. */
  async commit(slot: DesiredSlot, buildKey: string): Promise<void> {
    const { slotId, deployment } = slot;
    if (deployment === null) return;
    const before = this.#current.slots[slotId];
    if (before?.deploymentId === deployment.deploymentId) return;
    if (before !== undefined) {
      const rollback = { slots: { ...this.#rollback.slots, [slotId]: before } };
      await writeDocument(this.#fs, this.#folder.rollback, rollback);
      this.#rollback = rollback;
    }
    const current = {
      slots: { ...this.#current.slots, [slotId]: { deploymentId: deployment.deploymentId, buildKey, release: deployment.release } },
    };
    await writeDocument(this.#fs, this.#folder.current, current);
    this.#current = current;
  }
}

/** Forgets the contents that failed on this box; gives how many there were. A running agent notices it on its next round. */
export async function forgetFailedContent(fs: DurableFs, folder: DataFolder): Promise<number> {
  const failed = (await readDocument(fs, folder.failedContent, failedSchema)) ?? {};
  await fs.remove(folder.failedContent);
  return Object.keys(failed).length;
}
