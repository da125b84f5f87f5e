import type { NodeId } from '@takt/kernel';

export const DESIRED_STREAM = 'TAKT_DESIRED';
export const REPORT_STREAM = 'TAKT_REPORTS';
/** Durable pull consumer of the report stream, shared by all control-plane replicas. */
export const REPORT_CONSUMER = 'control-plane';

/** Stream subject that holds a node's last desired state. */
export const desiredSubject = (nodeId: NodeId | '*'): string => `takt.desired.${nodeId}`;
/** Where the server republishes each new desired state; nodes listen here, without a consumer. */
export const desiredPushSubject = (nodeId: NodeId | '*'): string => `takt.push.desired.${nodeId}`;
export const reportSubject = (nodeId: NodeId | '*'): string => `takt.report.${nodeId}`;
export const heartbeatSubject = (nodeId: NodeId | '*'): string => `takt.heartbeat.${nodeId}`;

/** Requests a node may make of the control plane (Nest NATS transport, request/reply). */
export const RpcMethod = { confirm: 'confirm', grant: 'grant', renew: 'renew' } as const;
export type RpcMethod = (typeof RpcMethod)[keyof typeof RpcMethod];
export const rpcSubject = (nodeId: NodeId | '*', method: RpcMethod): string => `takt.rpc.${nodeId}.${method}`;

/** Direct get of a node's last desired state (JetStream API, server ≥ 2.9). */
export const desiredDirectGetSubject = (nodeId: NodeId): string => `$JS.API.DIRECT.GET.${DESIRED_STREAM}.${desiredSubject(nodeId)}`;

/** Inbox prefix of a node: replies to it can be read by nobody else. */
export const nodeInboxPrefix = (nodeId: NodeId): string => `_INBOX_${nodeId}`;

/** Subjects a node's own NATS user may use; everything else is refused by the server. */
export const nodePermissions = (nodeId: NodeId): { readonly publish: readonly string[]; readonly subscribe: readonly string[] } => ({
  publish: [
    reportSubject(nodeId),
    heartbeatSubject(nodeId),
    ...Object.values(RpcMethod).map((method) => rpcSubject(nodeId, method)),
    desiredDirectGetSubject(nodeId),
  ],
  subscribe: [desiredPushSubject(nodeId), `${nodeInboxPrefix(nodeId)}.>`],
});
