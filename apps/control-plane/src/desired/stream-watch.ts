import { LogField } from '@takt/kernel';
import type { Logger } from '@takt/kernel';
import type { ProvisionedStreams } from '@takt/messaging';
import type { Database } from '@takt/persistence';

const KEY = 'desired_stream';

/**
 * Remembers which stream the desired states were published to. Another creation time means that the broker's store was
 * wiped (or is another one), a lower last sequence that it was put back: every node becomes dirty and the relay publishes
 * all of them again at its own pace.
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
      const same = known !== undefined && known.created === desired.created && known.lastSeq <= desired.lastSeq;
      await stores.settings.set(KEY, { created: desired.created, lastSeq: desired.lastSeq });
      if (!same) await stores.desired.markDirty(await stores.nodes.allIds());
      return !same;
    });
    if (lost)
      this.logger.warn('the broker has another store than before; publishing all desired states again', {
        [LogField.phase]: desired.created,
      });
    return lost;
  }
}
