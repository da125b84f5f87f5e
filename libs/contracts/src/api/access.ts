import { z } from 'zod';
import { lineText, pastedText } from '../primitives.js';
import { refSchema, roleSchema } from './envelope.js';

/** Exchanges the one-time code of the first start (or of `takt-control-plane login-code`) for an admin token. */
export const loginRequestSchema = z.object({
  code: pastedText(100),
  /** Name of the actor that the token speaks for. */
  name: lineText(100).default('admin'),
});
export const loginReplySchema = z.object({
  token: z.string(),
  actor: z.string(),
  role: roleSchema,
  expiresAt: z.iso.datetime().nullable(),
});
export type LoginReply = z.output<typeof loginReplySchema>;

export const whoAmISchema = z.object({
  actor: z.string(),
  role: roleSchema,
  /** Names of the sites the token may see and change; null is all of them. */
  sites: z.array(z.string()).nullable(),
});
export type WhoAmI = z.output<typeof whoAmISchema>;

export const createTokenSchema = z.object({
  name: lineText(100),
  role: roleSchema,
  /** Ids or names of sites; null is all of them. */
  sites: z.array(refSchema).min(1).max(1_000).nullable().default(null),
  expiresInDays: z.number().positive().max(3650).nullable().default(null),
});
export const tokenViewSchema = z.object({
  id: z.uuid(),
  /** `session`: what a browser is logged in by. */
  kind: z.enum(['api', 'session']).default('api'),
  actor: z.string(),
  role: roleSchema,
  sites: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
});
/** The secret is shown once, here. */
export const createdTokenSchema = tokenViewSchema.extend({ token: z.string() });

export const createJoinTokenSchema = z.object({
  site: refSchema,
  uses: z.int().min(1).max(10_000).default(1),
  expiresInMinutes: z
    .number()
    .positive()
    .max(60 * 24 * 90)
    .default(60),
});
export const joinTokenViewSchema = z.object({
  id: z.uuid(),
  site: z.string(),
  uses: z.int(),
  usesLeft: z.int(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export const createdJoinTokenSchema = joinTokenViewSchema.extend({ token: z.string() });
export type CreatedJoinToken = z.output<typeof createdJoinTokenSchema>;
