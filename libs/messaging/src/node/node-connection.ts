import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { DesiredState, Heartbeat, Report, RpcMethod } from '@takt/contracts';
import { desiredPushSubject, heartbeatSubject, nodeInboxPrefix } from '@takt/contracts';
import type { Logger, NodeId } from '@takt/kernel';
import { LogField, TaktError } from '@takt/kernel';
import { connectForever } from '../connection/connect.js';
import { directGetDesired, parseDesired } from '../connection/desired-message.js';
import type { ConnectionNotification } from '../connection/notifications.js';
import { connectionNotifications } from '../connection/notifications.js';
import type { ReportReceipt } from './report-publisher.js';
import { publishReport } from './report-publisher.js';
import type { RpcRequest, RpcValue } from './requests.js';
import { requestRpc } from './requests.js';

export interface NodeConnectionSettings {
  readonly servers: readonly string[];
  readonly nodeId: NodeId;
  /** Asked at each (re)connect, so a renewed JWT is used from the next one on. */
  readonly jwt: () => string;
  readonly seed: string;
  readonly logger: Logger;
  /** Ends the first connect; a connection that stands is ended by `close`. */
  readonly signal?: AbortSignal;
}

/**
 * Without a connection `getDesired`, `publishReport` and `request` fail at once with TaktError `NotConnected` (retryable).
 * A node's side of NATS, with the node's own identity: everything outside its own subjects is refused by the server.
 */
export interface NodeConnection {
  readonly nats: NatsConnection;
  notifications(): AsyncIterable<ConnectionNotification>;
  isConnected(): boolean;
  /** Direct get; undefined where the control plane has published nothing for this node. */
  getDesired(): Promise<DesiredState | undefined>;
  /** Each newly published desired state, at most once each; the returned function ends it. Poll `getDesired` as well. */
  subscribeDesired(handler: (state: DesiredState) => void): () => void;
  publishReport(report: Report): Promise<ReportReceipt>;
  /** Fire and forget; dropped without a connection. */
  publishHeartbeat(heartbeat: Heartbeat): void;
  request<M extends RpcMethod>(method: M, payload: RpcRequest<M>, timeoutMs?: number): Promise<RpcValue<M>>;
  /** Connects again now, with the JWT that `jwt()` gives: used after a renewal. */
  reconnect(): Promise<void>;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 5000;

/**
 * Connects as the node and stays connected for ever: any number of attempts, also while the server refuses the JWT (it
 * may be renewed). Resolves with the first connection; what follows is told by `notifications`.
 */
export const connectNode = async (settings: NodeConnectionSettings): Promise<NodeConnection> => {
  const { nodeId, logger } = settings;
  const nats = await connectForever({
    servers: settings.servers,
    name: `takt-node-${nodeId}`,
    inboxPrefix: nodeInboxPrefix(nodeId),
    credentials: () => ({ jwt: settings.jwt(), seed: settings.seed }),
    logger,
    signal: settings.signal,
  });
  const js = jetstream(nats, { timeout: REQUEST_TIMEOUT_MS });
  let connected = true;
  const follow = async (): Promise<void> => {
    for await (const status of connectionNotifications(nats)) {
      if (status.type === 'connected') connected = true;
      else if (status.type === 'disconnected' || status.type === 'closed') connected = false;
    }
  };
  void follow();
  /** A request sent without a connection is lost and would only be noticed by its time-out. */
  const requireConnection = (): void => {
    if (connected && !nats.isClosed()) return;
    throw new TaktError({
      code: 'NotConnected',
      message: `node ${nodeId} has no connection to NATS`,
      action: 'nothing to do; the node connects again by itself',
      component: 'messaging',
      element: nodeId,
      retryable: true,
    });
  };
  return {
    nats,
    notifications: () => connectionNotifications(nats),
    isConnected: () => connected,
    getDesired: async () => {
      requireConnection();
      return (await directGetDesired(nats, nodeId))?.state;
    },
    subscribeDesired(handler) {
      const subscription = nats.subscribe(desiredPushSubject(nodeId), {
        callback: (error, message) => {
          if (error !== null) {
            logger.warn('desired state subscription refused', { [LogField.error]: error });
            return;
          }
          try {
            handler(parseDesired(message.data, nodeId));
          } catch (thrown) {
            logger.warn('pushed desired state ignored', { [LogField.error]: thrown });
          }
        },
      });
      return () => {
        subscription.unsubscribe();
      };
    },
    publishReport: async (report) => {
      requireConnection();
      return publishReport(js, report);
    },
    publishHeartbeat(heartbeat) {
      if (connected && !nats.isClosed()) nats.publish(heartbeatSubject(nodeId), JSON.stringify(heartbeat));
    },
    request: async (method, payload, timeoutMs = REQUEST_TIMEOUT_MS) => {
      requireConnection();
      return requestRpc(nats, nodeId, method, payload, timeoutMs);
    },
    reconnect: () => nats.reconnect(),
    close: async () => {
      if (!nats.isClosed()) await nats.drain().catch(() => nats.close());
    },
  };
};
