import { committedSlotsSchema, deploymentIdSchema } from '@takt/contracts';
import type { CommittedSlots, DesiredSlot } from '@takt/contracts';
import { examineDocument } from '@takt/durable-fs';
import type { DurableFs } from '@takt/kernel';
import type { FailedContent } from '@takt/reconcile';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import type { StateFiles } from './state-files.js';

export const failedSchema = z.record(z.string(), z.object({ deploymentId: deploymentIdSchema, reason: z.string(), message: z.string() }));

const NOTHING: CommittedSlots = { slots: {} };

/** Contents that failed on this box, oldest first. */
const REMEMBERED_FAILURES = 100;

/** What this node keeps beyond one deployment: failed contents, and what each slot serves and served before. */
export class NodeMemory {
  readonly #files: StateFiles;
  readonly #folder: DataFolder;
  #failed: ReadonlyMap<string, FailedContent>;
  #current: CommittedSlots;
  #rollback: CommittedSlots;

  private constructor(
    files: StateFiles,
    folder: DataFolder,
    failed: ReadonlyMap<string, FailedContent>,
    current: CommittedSlots,
    rollback: CommittedSlots,
  ) {
    this.#files = files;
    this.#folder = folder;
    this.#failed = failed;
    this.#current = current;
    this.#rollback = rollback;
  }

  /** @param known what the lines serve by the records of their runtimes, for the case that the node's own memory is lost */
  static async open(files: StateFiles, folder: DataFolder, known: () => Promise<CommittedSlots>): Promise<NodeMemory> {
    const failed = await files.read(folder.failedContent, failedSchema, 'contents that failed on this node may be tried once more');
    const current = await files.read(folder.current, committedSlotsSchema, 'it is made from what the runtimes serve');
    const rollback = await files.read(folder.rollback, committedSlotsSchema, 'the runtimes know what each line rolls back to');
    const memory = new NodeMemory(files, folder, new Map(Object.entries(failed ?? {})), current ?? NOTHING, rollback ?? NOTHING);
    if (current === undefined) await memory.fill(await known());
    return memory;
  }

  get failedContent(): ReadonlyMap<string, FailedContent> {
    return this.#failed;
  }

  get current(): CommittedSlots {
    return this.#current;
  }

  get rollback(): CommittedSlots {
    return this.#rollback;
  }

  /**
   * Takes in what the lines serve for slots of which nothing is known: their entries were lost.
   *
   * @param known as in `open`
   */
  async fill(known: CommittedSlots): Promise<void> {
    const slots = { ...known.slots, ...this.#current.slots };
    if (Object.keys(slots).length === Object.keys(this.#current.slots).length) return;
    this.#current = { slots };
    await this.#files.restore(this.#folder.current, this.#current);
  }

  /** Notices that a person had the failed contents forgotten while the agent runs. */
  async noticeForgotten(): Promise<void> {
    if (this.#failed.size === 0) return;
    const found = await examineDocument(this.#files.fs, this.#folder.failedContent, failedSchema);
    if (found.kind === 'missing') this.#failed = new Map();
  }

  async rememberFailure(contentKey: string, failure: FailedContent): Promise<void> {
    if (this.#failed.has(contentKey)) return;
    const next = [...this.#failed, [contentKey, failure] as const].slice(-REMEMBERED_FAILURES);
    await this.#files.write(this.#folder.failedContent, Object.fromEntries(next));
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
      await this.#files.write(this.#folder.rollback, rollback);
      this.#rollback = rollback;
    }
    const current = {
      slots: { ...this.#current.slots, [slotId]: { deploymentId: deployment.deploymentId, buildKey, release: deployment.release } },
    };
    await this.#files.write(this.#folder.current, current);
    this.#current = current;
  }
}

/** Forgets the contents that failed on this box; gives how many there were. A running agent notices it on its next round. */
export async function forgetFailedContent(fs: DurableFs, folder: DataFolder): Promise<number> {
  const failed = await examineDocument(fs, folder.failedContent, failedSchema);
  await fs.remove(folder.failedContent);
  return failed.kind === 'read' ? Object.keys(failed.value).length : 0;
}
