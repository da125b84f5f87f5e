import type { JetStreamClient } from '@nats-io/jetstream';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { DesiredState } from '@takt/contracts';
import { desiredSubject } from '@takt/contracts';
import { TaktError, canonicalJson } from '@takt/kernel';
import type { LastDesired } from '../connection/desired-message.js';

const WRONG_LAST_SEQUENCE = 10071;
/** Reads and publishes before giving up; more than one only when several relays work on the same node. */
const MAX_ATTEMPTS = 4;

export type PublishOutcome =
  | { readonly published: true; readonly streamSeq: number }
  /** Somebody else published since `expectedLastSubjectSeq` was read. */
  | { readonly published: false };

export type EnsureOutcome =
  | { readonly outcome: 'published' | 'unchanged'; readonly streamSeq: number }
  /** A later generation of the same epoch: another relay was faster, or the database went back. */
  | { readonly outcome: 'newer-present'; readonly present: DesiredState; readonly streamSeq: number }
  /** Same generation with another digest, or another epoch: a restored database. A person decides. */
  | { readonly outcome: 'conflict'; readonly present: DesiredState; readonly streamSeq: number };

/**
 * Publishes only if the last message for the node is the one with `expectedLastSubjectSeq` (0: none yet).
 *
 * @throws TaktError `DesiredStateNotPublished` (retryable)
 */
export const publishDesired = async (js: JetStreamClient, state: DesiredState, expectedLastSubjectSeq: number): Promise<PublishOutcome> => {
  try {
    const ack = await js.publish(desiredSubject(state.nodeId), canonicalJson(state), {
      expect: { lastSubjectSequence: expectedLastSubjectSeq },
      timeout: 5000,
    });
    return { published: true, streamSeq: ack.seq };
  } catch (thrown) {
    if (thrown instanceof JetStreamApiError && thrown.code === WRONG_LAST_SEQUENCE) return { published: false };
    throw new TaktError({
      code: 'DesiredStateNotPublished',
      message: `generation ${String(state.generation)} of node ${state.nodeId} was not published: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      action: 'nothing to do; the relay publishes it when NATS is back',
      component: 'messaging',
      element: state.nodeId,
      retryable: true,
      cause: thrown,
    });
  }
};

/**
 * Brings the stream to `state` unless it already holds this or a newer generation of the same epoch. What is there and is
 * no desired state of this node is replaced.
 */
export const ensureDesired = async (
  js: JetStreamClient,
  read: () => Promise<LastDesired | undefined>,
  state: DesiredState,
): Promise<EnsureOutcome> => {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const last = await read();
    if (last?.state !== undefined) {
      const { state: present, streamSeq } = last;
      if (present.epoch !== state.epoch) return { outcome: 'conflict', present, streamSeq };
      if (present.generation > state.generation) return { outcome: 'newer-present', present, streamSeq };
      if (present.generation === state.generation) {
        return present.digest === state.digest ? { outcome: 'unchanged', streamSeq } : { outcome: 'conflict', present, streamSeq };
      }
    }
    const result = await publishDesired(js, state, last?.streamSeq ?? 0);
    if (result.published) return { outcome: 'published', streamSeq: result.streamSeq };
  }
  throw new TaktError({
    code: 'DesiredStateContended',
    message: `generation ${String(state.generation)} of node ${state.nodeId} lost ${String(MAX_ATTEMPTS)} races against other publishers`,
    action: 'nothing to do; the relay tries again',
    component: 'messaging',
    element: state.nodeId,
    retryable: true,
  });
};
