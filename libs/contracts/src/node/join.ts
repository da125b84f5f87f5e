import { z } from 'zod';
import { lineText, nodeIdSchema, pastedText, slugSchema } from '../primitives.js';
import { HOSTNAME_MAX_LENGTH, SECRET_MAX_LENGTH } from '../wire-limits.js';

/** HTTP, before the node has an identity: 1. a nonce for its public key, 2. the signed nonce, with the join token unless the key is known. */
export const joinChallengeRequestSchema = z.object({
  /** NATS user public key (`U…`), made on the node. */
  publicKey: z.string().regex(/^U[A-Z2-7]{55}$/, 'expected a NATS user public key'),
});
export const joinChallengeReplySchema = z.object({ nonce: z.string(), expiresInSeconds: z.number() });

export const joinRequestSchema = z.object({
  /** Needed for a key that is not known yet; not looked at for one that is. */
  token: pastedText(SECRET_MAX_LENGTH).optional(),
  publicKey: joinChallengeRequestSchema.shape.publicKey,
  nonce: lineText(SECRET_MAX_LENGTH),
  /** Ed25519 signature of the nonce's bytes by the node's key, base64. */
  signature: lineText(SECRET_MAX_LENGTH),
  hostname: lineText(HOSTNAME_MAX_LENGTH),
  /** Name wanted for the node; taken from the hostname where it is left out, numbered where another node has it. */
  name: slugSchema.optional(),
});
/** Joining again with the same key returns the same node: the token is used once. */
export const joinReplySchema = z.object({
  nodeId: nodeIdSchema,
  nodeName: z.string(),
  site: z.string(),
  jwt: z.string(),
  expiresAt: z.iso.datetime(),
  natsUrls: z.array(z.string()).min(1),
  serverUrl: z.url(),
});
export type JoinReply = z.output<typeof joinReplySchema>;
