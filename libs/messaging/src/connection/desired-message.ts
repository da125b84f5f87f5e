import type { DesiredState } from '@takt/contracts';
import { desiredDirectGetSubject, desiredStateSchema } from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import type { NatsConnection } from '@nats-io/transport-node';
import { parseMessage } from './wire-json.js';

export interface StoredDesired {
  readonly state: DesiredState;
  /** Stream sequence of this message; guards the next publish. */
  readonly streamSeq: number;
}

const NOT_FOUND = 404;
const TIMEOUT_MS = 5000;

/** @throws TaktError `MessageInvalid`, also where it is another node's */
export const parseDesired = (bytes: Uint8Array, nodeId: NodeId): DesiredState => {
  const state = parseMessage(desiredStateSchema, bytes, `desired state of node ${nodeId}`);
  if (state.nodeId === nodeId) return state;
  throw new TaktError({
    code: 'MessageInvalid',
    message: `desired state of node ${nodeId} names node ${state.nodeId}`,
    action: 'nothing to do; the control plane publishes it again',
    component: 'messaging',
    element: nodeId,
  });
};

/**
 * Direct get of a node's last desired state; undefined where none was ever published (or the store was wiped).
 *
 * @throws TaktError `DesiredStateUnavailable` (retryable) without a connection or stream; `MessageInvalid`
 */
export const directGetDesired = async (connection: NatsConnection, nodeId: NodeId): Promise<StoredDesired | undefined> => {
  const unavailable = (message: string, cause?: unknown): TaktError =>
    new TaktError({
      code: 'DesiredStateUnavailable',
      message: `the desired state of node ${nodeId} could not be read: ${message}`,
      action: 'nothing to do; it is read again when the connection is back',
      component: 'messaging',
      element: nodeId,
      retryable: true,
      cause,
    });
  const reply = await connection.request(desiredDirectGetSubject(nodeId), undefined, { timeout: TIMEOUT_MS }).catch((cause: unknown) => {
    throw unavailable(cause instanceof Error ? cause.message : String(cause), cause);
  });
  const status = reply.headers?.code ?? 0;
  if (status === NOT_FOUND) return undefined;
  if (status !== 0) throw unavailable(reply.headers?.description ?? `status ${String(status)}`);
  const streamSeq = Number(reply.headers?.get('Nats-Sequence'));
  if (!Number.isSafeInteger(streamSeq) || streamSeq <= 0) throw unavailable('the reply has no stream sequence');
  return { state: parseDesired(reply.data, nodeId), streamSeq };
};
