import type { NodeId } from '@takt/kernel';
import { asId } from '@takt/kernel';

const NODE_SUBJECT = /^takt\.(?:desired|push\.desired|report|heartbeat|rpc)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.|$)/;

/**
 * The node a subject belongs to; undefined for any other subject. On `takt.report`, `takt.heartbeat` and `takt.rpc` the
 * server has checked the publisher's JWT against it, so this id is proven, whatever a message body says.
 */
export const nodeIdOfSubject = (subject: string): NodeId | undefined => {
  const id = NODE_SUBJECT.exec(subject)?.[1];
  return id === undefined ? undefined : asId<NodeId>(id);
};
