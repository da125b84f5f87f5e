import { createHash } from 'node:crypto';
import { desiredStateSchema, digestSchema } from '@takt/contracts';
import type { Condition, DesiredState } from '@takt/contracts';
import { examineDocument } from '@takt/durable-fs';
import { canonicalJson } from '@takt/kernel';
import type { DurableFs } from '@takt/kernel';
import { acceptDesired } from '@takt/reconcile';
import { z } from 'zod';
import type { DataFolder } from '../data-folder.js';
import { writeDocument } from './json-document.js';
import type { StateFiles } from './state-files.js';

const ASKED_AGAIN = 'lines go on as they are and the control plane is asked for it again';

const digestOf = (body: DesiredState['body']): string => `sha256:${createHash('sha256').update(canonicalJson(body)).digest('hex')}`;

const releasedSchema = z.object({ digest: digestSchema });

export type DesiredCondition = Pick<Condition, 'status' | 'reason' | 'message' | 'action'>;

const ACCEPTED: DesiredCondition = { status: 'true', reason: 'Accepted', message: 'the desired state is in force', action: null };

/** The desired state in force, on disk; what arrives replaces it only by the rules of `acceptDesired`. */
export class DesiredStore {
  readonly #files: StateFiles;
  readonly #folder: DataFolder;
  #present: DesiredState | undefined;
  #condition: DesiredCondition = ACCEPTED;
  /** Whether a conflict or its release may lie on disk; an earlier run may have left one. */
  #conflictOnDisk = true;
  /** Older generation that was seen once. */
  #doubt: number | undefined;

  private constructor(files: StateFiles, folder: DataFolder, present: DesiredState | undefined) {
    this.#files = files;
    this.#folder = folder;
    this.#present = present;
  }

  /** A damaged desired state counts as none: lines go on as they are, and the next look at the control plane brings it. */
  static async open(files: StateFiles, folder: DataFolder): Promise<DesiredStore> {
    const present = await files.read(folder.desired, desiredStateSchema, ASKED_AGAIN);
    if (present === undefined || digestOf(present.body) === present.digest) return new DesiredStore(files, folder, present);
    await files.reject(folder.desired, `its content does not have the digest ${present.digest}`, ASKED_AGAIN);
    return new DesiredStore(files, folder, undefined);
  }

  get present(): DesiredState | undefined {
    return this.#present;
  }

  get condition(): DesiredCondition {
    return this.#condition;
  }

  /**
   * True after an older generation was seen once: it may have been overtaken on its way. Looking again tells; seen a second
   * time in a row it is a conflict.
   */
  get doubtful(): boolean {
    return this.#doubt !== undefined;
  }

  /** Takes in what arrived. True when it is now in force. */
  async offer(incoming: DesiredState): Promise<boolean> {
    const computed = digestOf(incoming.body);
    const released = await this.#files.read(this.#folder.released, releasedSchema, 'run "takt-agent accept" again');
    const acceptance = acceptDesired(this.#present, incoming, computed, released?.digest);
    switch (acceptance.kind) {
      case 'ignore':
        // The present one again says that whatever conflicted has been put right at its source.
        this.#doubt = undefined;
        await this.#clearConflict();
        return false;
      case 'conflict':
        this.#conflictOnDisk = true;
        if (acceptance.reason === 'OlderGeneration' && this.#condition.reason !== 'OlderGeneration') {
          const seenBefore = this.#doubt === incoming.generation;
          this.#doubt = seenBefore ? undefined : incoming.generation;
          if (!seenBefore) return false;
        }
        await this.#files.write(this.#folder.conflict, incoming);
        this.#condition = {
          status: 'false',
          reason: acceptance.reason,
          message: acceptance.message,
          action: 'compare both in "takt explain node"; to follow the new one run "takt-agent accept" on the node',
        };
        return false;
      case 'accept':
        this.#doubt = undefined;
        await this.#files.write(this.#folder.desired, incoming);
        this.#present = incoming;
        await this.#clearConflict();
        return true;
    }
  }

  async #clearConflict(): Promise<void> {
    this.#condition = ACCEPTED;
    if (!this.#conflictOnDisk) return;
    await this.#files.fs.remove(this.#folder.conflict);
    await this.#files.fs.remove(this.#folder.released);
    this.#conflictOnDisk = false;
  }
}

/** Lets the conflicting desired state on disk replace the present one when it arrives again. Undefined without a conflict. */
export async function releaseConflict(fs: DurableFs, folder: DataFolder): Promise<DesiredState | undefined> {
  const conflict = await examineDocument(fs, folder.conflict, desiredStateSchema);
  // A damaged one is written again when the conflicting state arrives the next time.
  if (conflict.kind !== 'read') return undefined;
  await writeDocument(fs, folder.released, { digest: conflict.value.digest });
  return conflict.value;
}
