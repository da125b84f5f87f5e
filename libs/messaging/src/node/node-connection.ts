import { jetstream } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import type { DesiredState, Heartbeat, Report, RpcMethod } from '@takt/contracts';
import { desiredPushSubject, heartbeatSubject, nodeInboxPrefix } from '@takt/contracts';
import type { Logger, NodeId } from '@takt/kernel';
import { LogField, TaktError } from '@takt/kernel';
import { directGetDesired, parseDesired } from '../connection/desired-message.js';
import type { LivenessOptions } from '../connection/lasting-connection.js';
import { lastingConnection } from '../connection/lasting-connection.js';
import type { ConnectionNotification } from '../connection/notifications.js';
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
  readonly liveness?: LivenessOptions;
  /** The server refused the JWT while there was no connection that could tell it by `notifications`; once per attempt. */
  readonly onRefused?: (reason: 'expired' | 'unauthorized' | 'permission') => void;
}

/**
 * Without a connection `getDesired`, `publishReport` and `request` fail at once with TaktError `NotConnected` (retryable).
 * A node's side of NATS, with the node's own identity: everything outside its own subjects is refused by the server.
 */
export interface NodeConnection {
  /** The connection of this moment, for tests; it may be replaced. */
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
  const link = await lastingConnection(
    {
      servers: settings.servers,
      name: `takt-node-${nodeId}`,
      inboxPrefix: nodeInboxPrefix(nodeId),
      credentials: () => ({ jwt: settings.jwt(), seed: settings.seed }),
      logger,
      signal: settings.signal,
      onRefused: ({ reason }) => settings.onRefused?.(reason),
    },
    settings.liveness,
  );
  /** A request sent without a connection is lost and would only be noticed by its time-out. */
  const requireConnection = (): NatsConnection => {
    if (link.isConnected()) return link.current();
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
    get nats() {
      return link.current();
    },
    notifications: () => link.notifications(),
    isConnected: () => link.isConnected(),
    getDesired: async () => (await directGetDesired(requireConnection(), nodeId))?.state,
    subscribeDesired(handler) {
      const callback = (error: Error | null, message: Msg): void => {
        if (error !== null) {
          logger.warn('desired state subscription refused', { [LogField.error]: error });
          return;
        }
        try {
          handler(parseDesired(message.data, nodeId));
        } catch (thrown) {
          logger.warn('pushed desired state ignored', { [LogField.error]: thrown });
        }
      };
      return link.subscribe((connection) => connection.subscribe(desiredPushSubject(nodeId), { callback }));
    },
    publishReport: async (report) => publishReport(jetstream(requireConnection(), { timeout: REQUEST_TIMEOUT_MS }), report),
    publishHeartbeat(heartbeat) {
      if (link.isConnected()) link.current().publish(heartbeatSubject(nodeId), JSON.stringify(heartbeat));
    },
    request: async (method, payload, timeoutMs = REQUEST_TIMEOUT_MS) => requestRpc(requireConnection(), nodeId, method, payload, timeoutMs),
    reconnect: () => link.current().reconnect(),
    close: () => link.close(),
  };
};
