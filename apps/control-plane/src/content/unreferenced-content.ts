import type { ServerArtifactStore } from '@takt/artifact-store';
import { LogField } from '@takt/kernel';
import type { Clock, Digest, Logger } from '@takt/kernel';
import { isForeignKeyViolation } from '@takt/persistence';
import type { Artifact, Database, Stores } from '@takt/persistence';

const HOUR_MS = 3_600_000;
/** Files that one pass removes at most, and files of the store that it looks at. */
const REMOVALS = 20;
const PAGE = 500;

/**
 * Removes uploaded files that nothing names: at once where the parser that they were uploaded for refused them to their uploader, after
 * some hours otherwise. A file and its row come and go under one lock, so a file that is uploaded in the same moment stays whole. The row goes first: a crash in between
 * leaves a file without a row, which a later pass removes.
 */
export class UnreferencedContent {
  #next: Digest | undefined;

  constructor(
    private readonly db: Database,
    private readonly files: ServerArtifactStore,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly keepHours: number,
  ) {}

  /**
   * Removes a file that was refused, unless something else names it, or it was uploaded by someone else or for something else: that
   * stays until the sweep. A failure is logged: the refusal is what counts.
   */
  async discard(digest: Digest, upload: Pick<Artifact, 'createdBy' | 'purpose'>): Promise<void> {
    try {
      await this.#remove(digest, (stores) => stores.content.deleteRefused(digest, upload));
    } catch (error) {
      this.logger.warn('refused content not removed, trying again later', { [LogField.artifact]: digest, [LogField.error]: error });
    }
  }

  /**
   * One pass of bounded work; returns how many files it removed. A file that cannot be removed keeps no other from it.
   *
   * @throws AggregateError what kept it from some of them, at the end of the pass
   */
  async sweep(): Promise<number> {
    const before = new Date(this.clock.now() - this.keepHours * HOUR_MS);
    const pass = new Pass();
    await pass.do(() => this.files.removeAbandoned());
    const old = await this.db.stores.content.unreferenced(before, REMOVALS);
    for (const digest of old) await pass.do(async () => ((await this.#removeOld(digest, before)) ? 1 : 0));
    for (const digest of await this.#withoutRow(before)) await pass.do(() => this.#removeFile(digest).then(() => 1));
    if (pass.removed > 0) this.logger.info('unreferenced content removed', { files: pass.removed });
    pass.end();
    return pass.removed;
  }

  /** Files without a row. A database that knows no file at all is a new one: what is on disk may belong to another. */
  async #withoutRow(before: Date): Promise<Digest[]> {
    if (!(await this.db.stores.content.hasArtifacts())) return [];
    const { old, next } = await this.files.olderThan(before.getTime(), this.#next, PAGE);
    this.#next = next;
    const known = await this.db.stores.content.artifactsByDigest(old);
    return old.filter((digest) => !known.has(digest)).slice(0, REMOVALS);
  }

  #removeOld(digest: Digest, before: Date): Promise<boolean> {
    return this.#remove(digest, (stores) => stores.content.deleteUnreferenced(digest, before));
  }

  async #remove(digest: Digest, deleteRow: (stores: Stores) => Promise<boolean>): Promise<boolean> {
    try {
      const deleted = await this.db.transaction(async (stores) => {
        await stores.content.lockContent(digest);
        return deleteRow(stores);
      });
      if (deleted) await this.#removeFile(digest);
      return deleted;
    } catch (error) {
      // It is being registered in this moment.
      if (isForeignKeyViolation(error)) return false;
      throw error;
    }
  }

  async #removeFile(digest: Digest): Promise<void> {
    await this.db.transaction(async (stores) => {
      await stores.content.lockContent(digest);
      if ((await stores.content.findArtifact(digest)) === null) await this.files.remove(digest);
    });
  }
}

/** Counts what a pass removed, and keeps what failed until its end. */
class Pass {
  removed = 0;
  readonly #failures: unknown[] = [];

  async do(remove: () => Promise<number>): Promise<void> {
    try {
      this.removed += await remove();
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** @throws AggregateError where something failed */
  end(): void {
    const [first] = this.#failures;
    if (first === undefined) return;
    const why = first instanceof Error ? first.message : String(first);
    throw new AggregateError(this.#failures, `${String(this.#failures.length)} removal(s) of unreferenced content failed: ${why}`);
  }
}
