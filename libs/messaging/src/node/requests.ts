import type { NatsConnection } from '@nats-io/transport-node';
import { NoRespondersError, RequestError } from '@nats-io/transport-node';
import {
  RpcMethod,
  confirmReplySchema,
  confirmRequestSchema,
  grantReplySchema,
  grantRequestSchema,
  renewReplySchema,
  renewRequestSchema,
  rpcReplySchema,
  rpcSubject,
} from '@takt/contracts';
import type { NodeId } from '@takt/kernel';
import { TaktError } from '@takt/kernel';
import { unwrapReply, wrapRequest } from './nest-envelope.js';

/** Payload and answer of each method; the compiler finds a method that is missing here. */
const CONTRACTS = {
  [RpcMethod.confirm]: { request: confirmRequestSchema, reply: rpcReplySchema(confirmReplySchema) },
  [RpcMethod.grant]: { request: grantRequestSchema, reply: rpcReplySchema(grantReplySchema) },
  [RpcMethod.renew]: { request: renewRequestSchema, reply: rpcReplySchema(renewReplySchema) },
} as const satisfies Record<RpcMethod, unknown>;

type Contracts = typeof CONTRACTS;
export type RpcRequest<M extends RpcMethod> = Contracts[M]['request']['_output'];
export type RpcValue<M extends RpcMethod> = Extract<Contracts[M]['reply']['_output'], { ok: true }>['value'];

const unavailable = (method: RpcMethod, message: string, cause?: unknown): TaktError =>
  new TaktError({
    code: 'ControlPlaneUnavailable',
    message: `request "${method}" got no answer from the control plane: ${message}`,
    action: 'nothing to do; it is asked again when the control plane is back',
    component: 'messaging',
    element: method,
    retryable: true,
    cause,
  });

const describe = (thrown: unknown): string => {
  if (thrown instanceof NoRespondersError || (thrown instanceof RequestError && thrown.isNoResponders())) return 'it is not running';
  return thrown instanceof Error ? thrown.message : String(thrown);
};

/**
 * Asks the control plane.
 *
 * @throws TaktError `ControlPlaneUnavailable` (retryable) without an answer in time; the control plane's own TaktError
 *   where it refuses; `MessageInvalid` where the answer does not follow its contract
 */
export const requestRpc = async <M extends RpcMethod>(
  connection: NatsConnection,
  nodeId: NodeId,
  method: M,
  payload: RpcRequest<M>,
  timeoutMs: number,
): Promise<RpcValue<M>> => {
  const subject = rpcSubject(nodeId, method);
  const message = await connection.request(subject, wrapRequest(subject, payload), { timeout: timeoutMs }).catch((thrown: unknown) => {
    throw unavailable(method, describe(thrown), thrown);
  });
  let packet: unknown;
  try {
    packet = message.json();
  } catch (cause) {
    throw unavailable(method, 'the reply is not JSON', cause);
  }
  const reply = unwrapReply(packet);
  if (!reply.ok) throw unavailable(method, reply.message);
  const parsed = CONTRACTS[method].reply.safeParse(reply.response);
  if (!parsed.success) {
    throw new TaktError({
      code: 'MessageInvalid',
      message: `the reply to "${method}" does not follow its contract: ${parsed.error.message}`,
      action: 'run the same takt version on the node and the control plane',
      component: 'messaging',
      element: method,
    });
  }
  if (!parsed.data.ok) throw TaktError.fromData(parsed.data.error);
  return parsed.data.value;
};
