/** What a consumer says of itself; sequence numbers are the stream's. */
export interface ConsumerProgress {
  readonly delivered: { readonly stream_seq: number };
  /** Everything up to here is acknowledged. */
  readonly ack_floor: { readonly stream_seq: number };
  /** Messages it has yet to deliver. */
  readonly num_pending: number;
  readonly num_ack_pending: number;
}

export interface StreamContent {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly messages: number;
}

/**
 * Whether the stream holds reports that its consumer will never hand out.
 *
 * A nats-server that dies by SIGKILL writes stream and consumer at different times, and may come back with them at
 * different ages (seen with 2.9.10): a stream that has forgotten its newest messages gives their sequence numbers out again,
 * below what the consumer counts as delivered; one that has forgotten that messages were acknowledged keeps them for ever, and
 * they fill the node's share of the stream. Either way the messages are there and nobody gets them.
 *
 * Sound while reports come and go: what came between `before` and `after` is not counted, and what went is gone in `after`.
 *
 * @param before the stream, read before the consumer
 * @param after the stream, read after the consumer
 */
export const isStranded = (before: StreamContent, consumer: ConsumerProgress, after: StreamContent): boolean => {
  if (consumer.delivered.stream_seq > after.last_seq) return true;
  if (after.messages === 0) return false;
  // What was acknowledged has left a work queue.
  if (after.first_seq <= consumer.ack_floor.stream_seq) return true;
  // What it counts as yet to deliver may be wrong too; it delivers nothing below what it has delivered.
  const pending = Math.min(consumer.num_pending, after.last_seq - consumer.delivered.stream_seq);
  return after.messages - (after.last_seq - before.last_seq) > pending + consumer.num_ack_pending;
};
