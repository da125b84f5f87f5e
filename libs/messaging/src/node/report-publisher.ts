import type { JetStreamClient, PubAck } from '@nats-io/jetstream';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { Report } from '@takt/contracts';
import { reportMessageId, reportSubject } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

export interface ReportReceipt {
  readonly streamSeq: number;
  /** The stream had this report already (published again within the duplicate window). */
  readonly duplicate: boolean;
}

const describe = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * Hands a report to the stream. The receipt is not a confirmation: only `confirm` says that the database has it.
 *
 * @throws TaktError, retryable: `ReportStreamFull` where the stream refuses new messages, `ReportNotPublished` otherwise
 */
export const publishReport = async (js: JetStreamClient, report: Report): Promise<ReportReceipt> => {
  let ack: PubAck;
  try {
    ack = await js.publish(reportSubject(report.nodeId), JSON.stringify(report), { msgID: reportMessageId(report), timeout: 5000 });
  } catch (cause) {
    const full = cause instanceof JetStreamApiError;
    throw new TaktError({
      code: full ? 'ReportStreamFull' : 'ReportNotPublished',
      message: `report ${String(report.seq)} of node ${report.nodeId} was not taken by NATS: ${describe(cause)}`,
      action: full
        ? 'check that the control plane runs and its database takes reports; the node keeps this one until then'
        : 'nothing to do; the node publishes it again when the connection is back',
      component: 'messaging',
      element: report.nodeId,
      retryable: true,
      cause,
    });
  }
  return { streamSeq: ack.seq, duplicate: ack.duplicate };
};
