import type { ConsumerConfig, JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import { AckPolicy, DeliverPolicy, DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import { DESIRED_STREAM, REPORT_CONSUMER, REPORT_STREAM, desiredPushSubject, desiredSubject, reportSubject } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { isStranded } from './stranded-reports.js';

const MIB = 1024 * 1024;
const MINUTE_NS = 60_000_000_000;
/**
 * How long a report may be in the hands of a control plane that shows no sign of life, before it goes to the next one. It is
 * what a node waits for after a SIGKILL of the control plane or of nats-server in the wrong moment: its later reports can only
 * be applied after this one, and to publish it again changes nothing, since the stream has it. Who needs longer says so.
 */
export const ACK_WAIT_MS = 5000;
const ACK_WAIT_NS = ACK_WAIT_MS * 1_000_000;

export interface StreamLimits {
  /** Reports of all nodes that the database has not taken yet, before new ones are refused. Default 200,000. */
  readonly reports?: number;
  /** The same for one node, so that one cannot fill the stream for all. Default 2,000. */
  readonly reportsPerNode?: number;
  /** Bytes of desired states of all nodes. Default 512 MiB. */
  readonly desiredBytes?: number;
}

/** What makes a stream the same stream: after a wiped store it has another creation time. */
export interface StreamIdentity {
  readonly stream: string;
  /** ISO 8601 with nanoseconds, as the server gives it. */
  readonly created: string;
  readonly lastSeq: number;
  /** Messages it holds now. */
  readonly messages: number;
  /** True where this call made it, because there was none. */
  readonly createdNow: boolean;
}

export interface ProvisionedStreams {
  readonly desired: StreamIdentity;
  readonly reports: StreamIdentity;
  /** True where reports lay in the stream that nobody would have been given, and are handed out now. */
  readonly freed: boolean;
}

const desiredConfig = (limits: StreamLimits): Partial<StreamConfig> & { name: string } => ({
  name: DESIRED_STREAM,
  subjects: [desiredSubject('*')],
  max_msgs_per_subject: 1,
  allow_direct: true,
  republish: { src: desiredSubject('*'), dest: desiredPushSubject('*').replace('*', '{{wildcard(1)}}') },
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.Old,
  max_bytes: limits.desiredBytes ?? 512 * MIB,
});

/**
 * A report leaves the stream when it is acknowledged, so a full stream means: the database is behind by this much. The
 * limits count messages, not bytes: near `max_bytes` nats-server 2.9.10 takes a message that fits without its record
 * overhead and then drops the oldest one, in spite of `discard: new`. Bytes are bounded by the server's file store.
 */
const reportConfig = (limits: StreamLimits): Partial<StreamConfig> & { name: string } => ({
  name: REPORT_STREAM,
  subjects: [reportSubject('*')],
  storage: StorageType.File,
  retention: RetentionPolicy.Workqueue,
  discard: DiscardPolicy.New,
  max_msgs: limits.reports ?? 200_000,
  max_msgs_per_subject: limits.reportsPerNode ?? 2000,
  discard_new_per_subject: true,
  max_msg_size: MIB / 2,
  duplicate_window: 2 * MINUTE_NS,
});

const reportConsumer: Partial<ConsumerConfig> = {
  durable_name: REPORT_CONSUMER,
  ack_policy: AckPolicy.Explicit,
  deliver_policy: DeliverPolicy.All,
  ack_wait: ACK_WAIT_NS,
  max_deliver: -1,
  max_ack_pending: 1000,
};

/** What may change on an existing stream when takt is configured differently. */
const LIMITS = ['max_bytes', 'max_msgs', 'max_msgs_per_subject', 'max_msg_size'] as const;

const CONSUMER_NOT_FOUND = 10014;
const STREAM_NOT_FOUND = 10059;
const STREAM_NAME_IN_USE = 10058;

const hasCode = (thrown: unknown, code: number): boolean => thrown instanceof JetStreamApiError && thrown.code === code;

const infoOrUndefined = async (jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> => {
  try {
    return await jsm.streams.info(name);
  } catch (thrown) {
    if (hasCode(thrown, STREAM_NOT_FOUND)) return undefined;
    throw thrown;
  }
};

const ensureStream = async (jsm: JetStreamManager, config: Partial<StreamConfig> & { name: string }): Promise<StreamIdentity> => {
  let info = await infoOrUndefined(jsm, config.name);
  let createdNow = false;
  if (info === undefined) {
    try {
      info = await jsm.streams.add(config);
      createdNow = true;
    } catch (thrown) {
      // Another replica made it between the two calls.
      if (!hasCode(thrown, STREAM_NAME_IN_USE)) throw thrown;
      info = await jsm.streams.info(config.name);
    }
  } else if (LIMITS.some((limit) => config[limit] !== undefined && config[limit] !== info?.config[limit])) {
    info = await jsm.streams.update(config.name, Object.fromEntries(LIMITS.map((limit) => [limit, config[limit]])));
  }
  return { stream: config.name, created: info.created, lastSeq: info.state.last_seq, messages: info.state.messages, createdNow };
};

/** Also brings one that an older version made to the present settings. */
const ensureReportConsumer = async (jsm: JetStreamManager): Promise<void> => {
  try {
    const { config } = await jsm.consumers.info(REPORT_STREAM, REPORT_CONSUMER);
    if (config.ack_wait !== reportConsumer.ack_wait) await jsm.consumers.update(REPORT_STREAM, REPORT_CONSUMER, { ack_wait: ACK_WAIT_NS });
  } catch (thrown) {
    if (!hasCode(thrown, CONSUMER_NOT_FOUND)) throw thrown;
    // The same settings, so it matters not whether another replica has made it between the two calls.
    await jsm.consumers.add(REPORT_STREAM, reportConsumer);
  }
};

/**
 * Makes the report consumer anew where it would never hand out what the stream holds (see `isStranded`): a new one starts
 * at the first message. Nothing is lost by it, since a report is in the stream until the database has it, and to apply one
 * again changes nothing. Returns whether that was needed.
 */
export const freeStrandedReports = async (jsm: JetStreamManager): Promise<boolean> => {
  const { state: before } = await jsm.streams.info(REPORT_STREAM);
  const consumer = await jsm.consumers.info(REPORT_STREAM, REPORT_CONSUMER);
  const { state: after } = await jsm.streams.info(REPORT_STREAM);
  if (!isStranded(before, consumer, after)) return false;
  await jsm.consumers.delete(REPORT_STREAM, REPORT_CONSUMER).catch((thrown: unknown) => {
    if (!hasCode(thrown, CONSUMER_NOT_FOUND)) throw thrown;
  });
  await ensureReportConsumer(jsm);
  return true;
};

/**
 * Makes the two streams and the report consumer where they are missing. Safe to repeat and to run in several replicas.
 * A caller that compares `created` with the last one it saw notices a wiped store and publishes every node again.
 *
 * @throws TaktError `StreamsUnavailable` (retryable)
 */
export const provisionStreams = async (jsm: JetStreamManager, limits: StreamLimits = {}): Promise<ProvisionedStreams> => {
  try {
    const desired = await ensureStream(jsm, desiredConfig(limits));
    const reports = await ensureStream(jsm, reportConfig(limits));
    await ensureReportConsumer(jsm);
    return { desired, reports, freed: await freeStrandedReports(jsm) };
  } catch (thrown) {
    throw new TaktError({
      code: 'StreamsUnavailable',
      message: `the JetStream streams could not be provisioned: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      action: 'check that nats-server runs with JetStream and has room in its store',
      component: 'messaging',
      retryable: true,
      cause: thrown,
    });
  }
};
