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

/** What the stream holds for a node; without a state where it is none of this node, e.g. damaged. */
export type LastDesired = StoredDesired | { readonly state: undefined; readonly streamSeq: number };

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

const directGet = async (
  connection: NatsConnection,
  nodeId: NodeId,
): Promise<{ readonly data: Uint8Array; readonly streamSeq: number } | undefined> => {
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
  // A stored message may have a status of its own, so the sequence decides what this is.
  const streamSeq = Number(reply.headers?.get('Nats-Sequence'));
  if (Number.isSafeInteger(streamSeq) && streamSeq > 0) return { data: reply.data, streamSeq };
  const status = reply.headers?.code ?? 0;
  if (status === NOT_FOUND) return undefined;
  throw unavailable(status === 0 ? 'the reply has no stream sequence' : (reply.headers?.description ?? `status ${String(status)}`));
};

/**
 * Direct get of a node's last desired state; undefined where none was ever published (or the store was wiped).
 *
 * @throws TaktError `DesiredStateUnavailable` (retryable) without a connection or stream; `MessageInvalid`
 */
export const directGetDesired = async (connection: NatsConnection, nodeId: NodeId): Promise<StoredDesired | undefined> => {
  const last = await directGet(connection, nodeId);
  return last === undefined ? undefined : { state: parseDesired(last.data, nodeId), streamSeq: last.streamSeq };
};

/** The same for whoever replaces it: what cannot be read counts as no state. @throws TaktError `DesiredStateUnavailable` */
export const directGetLast = async (connection: NatsConnection, nodeId: NodeId): Promise<LastDesired | undefined> => {
  const last = await directGet(connection, nodeId);
  if (last === undefined) return undefined;
  try {
    return { state: parseDesired(last.data, nodeId), streamSeq: last.streamSeq };
  } catch {
    return { state: undefined, streamSeq: last.streamSeq };
  }
};
