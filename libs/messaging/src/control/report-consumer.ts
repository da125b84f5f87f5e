import { setTimeout as sleep } from 'node:timers/promises';
import type { ConsumerMessages, JetStreamClient, JsMsg } from '@nats-io/jetstream';
import type { Report } from '@takt/contracts';
import { REPORT_CONSUMER, REPORT_STREAM, reportEnvelopeSchema, reportSchema } from '@takt/contracts';
import type { Logger, NodeId } from '@takt/kernel';
import { LogField, TaktError } from '@takt/kernel';
import { nodeIdOfSubject } from '../connection/subject-node.js';
import { parseMessage } from '../connection/wire-json.js';
import type { ProvisionedStreams } from './streams.js';
import { ACK_WAIT_MS } from './streams.js';

/** A report whose place in the node's order is known; `body` is as it came, or null where the rest breaks its contract. */
export type IncomingReport = Pick<Report, 'nodeId' | 'seq' | 'at'> & { readonly body: unknown };

export interface ReportDelivery {
  readonly report: IncomingReport;
  /** From the subject, which the server checked against the publisher's JWT. */
  readonly nodeId: NodeId;
  /** 1 on the first delivery. */
  readonly attempt: number;
  readonly streamSeq: number;
}

export interface ReportConsumerOptions {
  /**
   * Stores one report and its effects. Resolving acknowledges it; throwing brings it back after a delay, so a report that
   * came before its predecessor is refused by throwing too. Called for one report at a time, in stream order.
   */
  readonly handler: (delivery: ReportDelivery) => Promise<void>;
  /** A message without a place in the order of its node. It is dropped after this returns, since it can never become one. */
  readonly onInvalid?: (nodeId: NodeId | undefined, error: TaktError) => Promise<void>;
  /** Told after each (re)provisioning, so that a wiped store is noticed. */
  readonly onProvisioned?: (streams: ProvisionedStreams) => void;
  readonly logger: Logger;
  /** Messages asked for at a time. Default 64. */
  readonly batch?: number;
}

export interface ReportConsumer {
  /** Finishes the report in hand, then ends. */
  stop(): Promise<void>;
}

const PULL_EXPIRES_MS = 5000;
/** A pull lost with its server is noticed after two missed heartbeats. */
const PULL_HEARTBEAT_MS = 1000;
const RETRY_AFTER_FAILURE_MS = 1000;
const MAX_NAK_DELAY_MS = 30_000;

/** 200 ms, doubling to 30 s: a database that is down is asked gently, a gap in the order is retried soon. */
export const nakDelayMs = (attempt: number): number => Math.min(MAX_NAK_DELAY_MS, 200 * 2 ** Math.min(attempt - 1, 10));

const headSchema = reportSchema.omit({ body: true });

const parseDelivery = (message: JsMsg): ReportDelivery => {
  const nodeId = nodeIdOfSubject(message.subject);
  // What a report says is judged where it is stored: refused here, it would leave a gap that holds up all later ones.
  const report = parseMessage(reportEnvelopeSchema, message.data, `report on ${message.subject}`);
  if (nodeId === undefined || report.nodeId !== nodeId) {
    throw new TaktError({
      code: 'ReportNodeMismatch',
      message: `a report on ${message.subject} names node ${report.nodeId}`,
      action: 'check the agent on that node; it may have been tampered with',
      component: 'messaging',
      element: report.nodeId,
    });
  }
  const head = headSchema.safeParse(message.json());
  const incoming: IncomingReport = head.success
    ? { nodeId, seq: report.seq, at: head.data.at, body: report.body ?? null }
    : { nodeId, seq: report.seq, at: message.time.toISOString(), body: null };
  return { report: incoming, nodeId, attempt: message.info.deliveryCount, streamSeq: message.seq };
};

/**
 * Pulls reports until stopped; survives server restarts and makes streams and consumer again after a wiped store.
 *
 * @param freeStranded asked when nothing came: whether there were reports that the consumer would never have handed out
 */
export const consumeReports = (
  js: JetStreamClient,
  provision: () => Promise<ProvisionedStreams>,
  freeStranded: () => Promise<boolean>,
  options: ReportConsumerOptions,
): ReportConsumer => {
  const { logger, handler } = options;
  const aborted = new AbortController();
  let current: ConsumerMessages | undefined;

  /** The server hands out again what shows no sign of life for `ACK_WAIT_MS`; a slow database is one. */
  const whileInHand = async (message: JsMsg, work: Promise<void>): Promise<void> => {
    const pulse = setInterval(() => {
      message.working();
    }, ACK_WAIT_MS / 3);
    await work.finally(() => {
      clearInterval(pulse);
    });
  };

  const handle = async (message: JsMsg): Promise<void> => {
    let delivery: ReportDelivery;
    try {
      delivery = parseDelivery(message);
    } catch (thrown) {
      const error = TaktError.from(thrown, {
        code: 'MessageInvalid',
        action: 'run the same takt version everywhere',
        component: 'messaging',
      });
      logger.error('report refused', { [LogField.error]: error });
      try {
        await options.onInvalid?.(nodeIdOfSubject(message.subject), error);
        message.term();
      } catch (cause) {
        // It comes again; the messages behind it, of other nodes, go on.
        logger.warn('refused report not recorded, delivered again later', { [LogField.error]: cause });
        message.nak(nakDelayMs(message.info.deliveryCount));
      }
      return;
    }
    try {
      await whileInHand(message, handler(delivery));
      message.ack();
    } catch (error) {
      const delay = nakDelayMs(delivery.attempt);
      logger.warn('report not stored, delivered again later', {
        [LogField.nodeId]: delivery.nodeId,
        [LogField.seq]: delivery.report.seq,
        [LogField.attempt]: delivery.attempt,
        [LogField.error]: error,
      });
      message.nak(delay);
    }
  };

  /** Returns where the consumer was made anew, so that it is looked up again. */
  const pullOnce = async (): Promise<void> => {
    const consumer = await js.consumers.get(REPORT_STREAM, REPORT_CONSUMER);
    while (!aborted.signal.aborted) {
      current = await consumer.fetch({ max_messages: options.batch ?? 64, expires: PULL_EXPIRES_MS, idle_heartbeat: PULL_HEARTBEAT_MS });
      let handedOut = 0;
      for await (const message of current) {
        handedOut += 1;
        // Unacknowledged messages of a batch that is cut short come back by themselves; giving them back at once is faster.
        if (aborted.signal.aborted) message.nak();
        else await handle(message);
      }
      if (handedOut === 0 && !aborted.signal.aborted && (await freeStranded())) return;
    }
  };

  const run = async (): Promise<void> => {
    while (!aborted.signal.aborted) {
      try {
        options.onProvisioned?.(await provision());
        await pullOnce();
      } catch (error) {
        if (aborted.signal.aborted) return;
        logger.warn('report consumer interrupted, trying again', { [LogField.error]: error });
        await sleep(RETRY_AFTER_FAILURE_MS, undefined, { signal: aborted.signal }).catch(() => undefined);
      }
    }
  };

  const running = run();
  return {
    async stop() {
      aborted.abort();
      await current?.close();
      await running;
    },
  };
};
