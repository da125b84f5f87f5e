import { z } from 'zod';
import { artifactRefSchema, digestSchema, taktErrorSchema } from '../primitives.js';
import { countSchema, seqSchema } from '../wire-limits.js';

/*
 * On the wire each message is a packet of Nest's NATS transport: `{pattern, data, id}` with the request as `data`, answered
 * by `{id, response}` with `rpcReplySchema(reply)` as `response`.
 */

/** "Up to which report does the database have me?" Cumulative. */
export const confirmRequestSchema = z.object({
  lastSeq: countSchema,
  /** Oldest number that the node still has: what the database misses below it will not come any more. */
  firstSeq: seqSchema.optional(),
});
export const confirmReplySchema = z.object({ confirmedSeq: countSchema });

/** Permission to read one artifact, or to store one made on the node, over HTTP, for some minutes. */
export const grantRequestSchema = z.discriminatedUnion('access', [
  z.object({ access: z.literal('read'), digest: digestSchema }),
  z.object({ access: z.literal('write'), artifact: artifactRefSchema }),
]);
export const grantReplySchema = z.object({
  /** Absolute URL with the grant in its query: GET with Range, or PUT. */
  url: z.url(),
  sizeBytes: z.int().nonnegative(),
  expiresInSeconds: z.number().positive(),
});

/** A fresh NATS user JWT for the same key; asked for at two thirds of the old one's life. */
export const renewRequestSchema = z.object({});
export const renewReplySchema = z.object({ jwt: z.string(), expiresAt: z.iso.datetime() });

/** Every reply is one of these two; a refusal carries a code and an action like any other error. */
export const rpcReplySchema = <T extends z.ZodType>(
  value: T,
): z.ZodDiscriminatedUnion<
  [z.ZodObject<{ ok: z.ZodLiteral<true>; value: T }>, z.ZodObject<{ ok: z.ZodLiteral<false>; error: typeof taktErrorSchema }>]
> => z.discriminatedUnion('ok', [z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), error: taktErrorSchema })]);
