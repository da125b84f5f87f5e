import { LogField } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import type { ProvisionedStreams } from '@takt/messaging';
import type { Database, Stores } from '@takt/persistence';

const KEY = 'desired_stream';

/** In the relay's transaction: the broker took a message as number `seq`, so a stream that ends before it has lost something. */
export const noteStreamSeq = (stores: Stores, seq: number): Promise<void> => stores.settings.raise(KEY, 'lastSeq', seq);

/**
 * Remembers which stream the desired states were published to. Another creation time means that the broker's store was
 * wiped (or is another one), a lower last sequence that it was put back, fewer messages than nodes that it was purged or lost
 * its end: every node becomes dirty and the relay publishes all of them again at its own pace.
 */
export class StreamWatch {
  constructor(
    private readonly db: Database,
    private readonly logger: Logger,
  ) {}

  /** Returns whether everything is published again. */
  async seen({ desired }: Pick<ProvisionedStreams, 'desired'>): Promise<boolean> {
    const lost = await this.db.transaction(async (stores) => {
      const known = (await stores.settings.get(KEY)) as { created: string; lastSeq: number } | undefined;
      const complete = desired.messages >= (await stores.desired.countPublished());
      const same = known !== undefined && known.created === desired.created && known.lastSeq <= desired.lastSeq && complete;
      await stores.settings.set(KEY, { created: desired.created, lastSeq: desired.lastSeq });
      if (!same) await stores.desired.markDirty(await stores.nodes.allIds());
      return !same;
    });
    if (lost)
      this.logger.warn('the store of the broker is another one or has lost something; publishing all desired states again', {
        [LogField.phase]: desired.created,
      });
    return lost;
  }
}
