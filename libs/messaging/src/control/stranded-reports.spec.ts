import { describe, expect, it } from 'vitest';
import type { ConsumerProgress, StreamContent } from './stranded-reports.js';
import { isStranded } from './stranded-reports.js';

const consumer = (delivered: number, floor: number, inHand: number, waiting: number): ConsumerProgress => ({
  delivered: { stream_seq: delivered },
  ack_floor: { stream_seq: floor },
  num_ack_pending: inHand,
  num_pending: waiting,
});
const stream = (first_seq: number, last_seq: number, messages: number): StreamContent => ({ first_seq, last_seq, messages });

describe('reports that the consumer will never hand out', () => {
  it.each([
    ['an empty stream whose messages were all acknowledged', stream(21, 20, 0), consumer(20, 20, 0, 0), stream(21, 20, 0)],
    ['a stream that is new', stream(0, 0, 0), consumer(0, 0, 0, 0), stream(0, 0, 0)],
    ['messages that wait', stream(21, 25, 5), consumer(20, 20, 0, 5), stream(21, 25, 5)],
    ['messages in hand', stream(21, 25, 5), consumer(25, 20, 5, 0), stream(21, 25, 5)],
    ['messages in hand and waiting, some acknowledged out of order', stream(21, 30, 7), consumer(25, 20, 2, 5), stream(21, 30, 7)],
    ['messages that were acknowledged while it was looked at', stream(21, 25, 5), consumer(25, 23, 2, 0), stream(24, 25, 2)],
    ['messages that came while it was looked at', stream(21, 25, 5), consumer(25, 20, 5, 0), stream(21, 40, 20)],
    ['messages that came before the consumer was looked at, and after', stream(21, 25, 5), consumer(25, 20, 5, 3), stream(21, 32, 12)],
  ])('are none in %s', (_, before, of, after) => {
    expect(isStranded(before, of, after)).toBe(false);
  });

  it.each([
    // The first, third and fourth are what nats-server 2.9.10 said after a SIGKILL.
    ['the stream lost its newest messages', stream(12, 12, 1), consumer(21, 17, 4, 0), stream(12, 12, 1)],
    ['its numbers have reached the old ones again', stream(18, 30, 13), consumer(21, 17, 0, 9), stream(18, 30, 13)],
    ['the stream forgot that messages were acknowledged', stream(568, 2671, 2000), consumer(2671, 1306, 2, 0), stream(568, 2671, 2000)],
    ['it forgot so above the floor', stream(185, 2333, 2000), consumer(2333, 149, 6, 0), stream(185, 2333, 2000)],
    ['it counts them as yet to deliver', stream(185, 2333, 2000), consumer(2333, 149, 6, 1994), stream(185, 2333, 2000)],
    ['more came meanwhile', stream(23, 25, 1), consumer(25, 22, 0, 0), stream(23, 28, 4)],
  ])('are there where %s', (_, before, of, after) => {
    expect(isStranded(before, of, after)).toBe(true);
  });
});
