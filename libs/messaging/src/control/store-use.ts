import type { JetStreamManager } from '@nats-io/jetstream';
import { DESIRED_STREAM, REPORT_STREAM } from '@takt/contracts';

/** How much of a limit of the broker is used. */
export interface StoreUse {
  /** A stream, or `store` for the files of all of them. */
  readonly of: string;
  readonly unit: 'messages' | 'bytes';
  readonly used: number;
  readonly limit: number;
}

/** @param storeBytes what the server's files may take; it says so itself only where its account has a limit */
export const readStoreUse = async (jsm: JetStreamManager, storeBytes: number): Promise<readonly StoreUse[]> => {
  const [reports, desired, account] = await Promise.all([
    jsm.streams.info(REPORT_STREAM),
    jsm.streams.info(DESIRED_STREAM),
    jsm.getAccountInfo(),
  ]);
  const uses: StoreUse[] = [
    { of: REPORT_STREAM, unit: 'messages', used: reports.state.messages, limit: reports.config.max_msgs },
    { of: DESIRED_STREAM, unit: 'bytes', used: desired.state.bytes, limit: desired.config.max_bytes },
    {
      of: 'store',
      unit: 'bytes',
      used: account.storage,
      limit: account.limits.max_storage > 0 ? account.limits.max_storage : storeBytes,
    },
  ];
  return uses.filter(({ limit }) => limit > 0);
};
