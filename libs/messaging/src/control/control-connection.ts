import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamManager } from '@nats-io/jetstream';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import type { DesiredState, Heartbeat } from '@takt/contracts';
import { heartbeatSchema, heartbeatSubject } from '@takt/contracts';
import type { Logger, NodeId } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { closeConnection } from '../connection/close-connection.js';
import { connectForever } from '../connection/connect.js';
import type { StoredDesired } from '../connection/desired-message.js';
import { directGetDesired, directGetLast } from '../connection/desired-message.js';
import type { ConnectionNotification } from '../connection/notifications.js';
import { connectionNotifications } from '../connection/notifications.js';
import { Backoff, resilientOptions, userAuthenticator } from '../connection/options.js';
import { nodeIdOfSubject } from '../connection/subject-node.js';
import { parseMessage } from '../connection/wire-json.js';
import type { UserCredentials } from '../trust/users.js';
import { SERVICE_INBOX } from '../trust/users.js';
import type { EnsureOutcome, PublishOutcome } from './desired-publisher.js';
import { ensureDesired, publishDesired } from './desired-publisher.js';
import type { ReportConsumer, ReportConsumerOptions } from './report-consumer.js';
import { consumeReports } from './report-consumer.js';
import type { ProvisionedStreams, StreamLimits } from './streams.js';
import type { StoreUse } from './store-use.js';
import { readStoreUse } from './store-use.js';
import { freeStrandedReports, provisionStreams } from './streams.js';

/** How long the broker may take to say how it is, ms. */
const LOOK_MS = 1_500;

export interface ControlOptions {
  readonly servers: readonly string[];
  readonly credentials: UserCredentials;
  readonly logger: Logger;
  readonly limits?: StreamLimits;
  readonly signal?: AbortSignal;
}

export interface HeartbeatOptions {
  /** Replicas of the same queue share the heartbeats. */
  readonly queue?: string;
  /** A sign of life of a node that does not follow its contract. Called for each; default: it is dropped. */
  readonly onInvalid?: (nodeId: NodeId, error: TaktError) => void;
}

/** The control plane's side of NATS. All methods may be used by several replicas at the same time. */
export interface ControlConnection {
  readonly nats: NatsConnection;
  notifications(): AsyncIterable<ConnectionNotification>;
  /** See `provisionStreams`. Call it after each `connected` and compare the identities. */
  provisionStreams(): Promise<ProvisionedStreams>;
  publishDesired(state: DesiredState, expectedLastSubjectSeq: number): Promise<PublishOutcome>;
  /** Reads, compares generations and publishes with the sequence guard. */
  ensureDesired(state: DesiredState): Promise<EnsureOutcome>;
  readDesired(nodeId: NodeId): Promise<StoredDesired | undefined>;
  consumeReports(options: Omit<ReportConsumerOptions, 'logger'>): ReportConsumer;
  /** Heartbeats of all nodes; the returned function ends it. */
  onHeartbeat(handler: (nodeId: NodeId, heartbeat: Heartbeat) => void, options?: HeartbeatOptions): () => void;
  /** How full the streams and the store of `storeBytes` are. Rejects where the broker does not answer within 1.5 s. */
  storeUse(storeBytes: number): Promise<readonly StoreUse[]>;
  /** Rejects where the broker does not answer within 1.5 s. */
  ping(): Promise<void>;
  /** Stops the report consumers after the report in hand, then drains the connection. */
  close(): Promise<void>;
}

/**
 * Options of a further connection of the same process, for Nest's NATS transport (`transport: Transport.NATS, options`).
 *
 * @param credentials of `issueRpcUser`: it answers wherever a node says
 */
export const controlTransportOptions = (servers: readonly string[], credentials: UserCredentials): NodeConnectionOptions => ({
  ...resilientOptions(new Backoff()),
  servers: [...servers],
  name: 'takt-control-plane-rpc',
  inboxPrefix: SERVICE_INBOX,
  authenticator: userAuthenticator(() => credentials),
});

export const connectControl = async (options: ControlOptions): Promise<ControlConnection> => {
  const { logger } = options;
  const nats = await connectForever({
    servers: options.servers,
    name: 'takt-control-plane',
    inboxPrefix: SERVICE_INBOX,
    credentials: () => options.credentials,
    logger,
    signal: options.signal,
  });
  const js = jetstream(nats, { timeout: 5000 });
  const manager = (): Promise<JetStreamManager> => jetstreamManager(nats, { checkAPI: false, timeout: 5000 });
  const noteFreed = (freed: boolean): void => {
    if (freed) logger.warn('the broker held reports that it would have handed to nobody; its consumer was made anew');
  };
  const provision = async (): Promise<ProvisionedStreams> => {
    const streams = await provisionStreams(await manager(), options.limits);
    noteFreed(streams.freed);
    return streams;
  };
  const freeStranded = async (): Promise<boolean> => {
    const freed = await freeStrandedReports(await manager());
    noteFreed(freed);
    return freed;
  };
  const readDesired = (nodeId: NodeId): Promise<StoredDesired | undefined> => directGetDesired(nats, nodeId);
  const consumers: ReportConsumer[] = [];
  return {
    nats,
    notifications: () => connectionNotifications(nats),
    provisionStreams: provision,
    publishDesired: (state, expected) => publishDesired(js, state, expected),
    ensureDesired: (state) => ensureDesired(js, () => directGetLast(nats, state.nodeId), state),
    readDesired,
    consumeReports(consumer) {
      const started = consumeReports(js, provision, freeStranded, { ...consumer, logger });
      consumers.push(started);
      return started;
    },
    onHeartbeat(handler, { queue, onInvalid } = {}) {
      const subscription = nats.subscribe(heartbeatSubject('*'), {
        ...(queue === undefined ? {} : { queue }),
        callback: (error, message) => {
          if (error !== null) return;
          const nodeId = nodeIdOfSubject(message.subject);
          if (nodeId === undefined) return;
          let heartbeat: Heartbeat;
          try {
            heartbeat = parseMessage(heartbeatSchema, message.data, `a heartbeat of node ${nodeId}`);
          } catch (thrown) {
            onInvalid?.(nodeId, TaktError.from(thrown, { code: 'MessageInvalid', action: 'run the same takt version everywhere' }));
            return;
          }
          handler(nodeId, heartbeat);
        },
      });
      return () => {
        subscription.unsubscribe();
      };
    },
    storeUse: async (storeBytes) => readStoreUse(await jetstreamManager(nats, { checkAPI: false, timeout: LOOK_MS }), storeBytes),
    ping: async () => {
      const silent = sleep(LOOK_MS, undefined, { ref: false }).then(() => {
        throw new Error(`nats-server did not answer within ${String(LOOK_MS)} ms`);
      });
      await Promise.race([nats.flush(), silent]);
    },
    close: async () => {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await closeConnection(nats);
    },
  };
};
