/** Identity of a desired state, without its body. */
export interface DesiredIdentity {
  readonly epoch: string;
  readonly generation: number;
  readonly digest: string;
}

export type Acceptance =
  | { readonly kind: 'accept' }
  /** Nothing new. */
  | { readonly kind: 'ignore'; readonly reason: 'Same' }
  /** Waits for a person; the present desired state stays in force. */
  | {
      readonly kind: 'conflict';
      readonly reason: 'EpochChanged' | 'OlderGeneration' | 'SameGenerationOtherContent' | 'DigestMismatch';
      readonly message: string;
    };

/**
 * Whether a desired state that arrived replaces the present one. Never a silent step back: a restored database shows
 * itself by another epoch, or by a generation that was used for something else.
 *
 * @param computedDigest digest over the body that arrived
 * @param released digest of a conflicting state that a person has released on this node
 */
export function acceptDesired(
  present: DesiredIdentity | undefined,
  incoming: DesiredIdentity,
  computedDigest: string,
  released?: string,
): Acceptance {
  if (computedDigest !== incoming.digest) {
    return {
      kind: 'conflict',
      reason: 'DigestMismatch',
      message: `generation ${String(incoming.generation)} does not have the content it announces (${incoming.digest}, but ${computedDigest})`,
    };
  }
  if (present === undefined) return { kind: 'accept' };
  const same = incoming.epoch === present.epoch && incoming.generation === present.generation && incoming.digest === present.digest;
  if (same) return { kind: 'ignore', reason: 'Same' };
  if (released === incoming.digest) return { kind: 'accept' };
  if (incoming.epoch !== present.epoch) {
    return {
      kind: 'conflict',
      reason: 'EpochChanged',
      message: `generation ${String(incoming.generation)} comes from another database (epoch ${incoming.epoch}, this node follows ${present.epoch})`,
    };
  }
  if (incoming.generation < present.generation) {
    return {
      kind: 'conflict',
      reason: 'OlderGeneration',
      message: `generation ${String(incoming.generation)} is older than ${String(present.generation)}, which this node follows`,
    };
  }
  if (incoming.generation > present.generation) return { kind: 'accept' };
  return {
    kind: 'conflict',
    reason: 'SameGenerationOtherContent',
    message: `generation ${String(incoming.generation)} was already accepted with another content (${present.digest}, now ${incoming.digest})`,
  };
}

/** Which of two desired states that arrived, and wait to be looked at, is looked at. An older one may overtake a newer one on the way. */
export const laterOf = <T extends DesiredIdentity>(waiting: T | undefined, incoming: T): T =>
  waiting !== undefined && waiting.epoch === incoming.epoch && waiting.generation > incoming.generation ? waiting : incoming;
