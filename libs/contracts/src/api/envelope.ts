import { z } from 'zod';
import { lineText } from '../primitives.js';

export const Role = { viewer: 'viewer', operator: 'operator', admin: 'admin' } as const;
export type Role = (typeof Role)[keyof typeof Role];
export const roleSchema = z.enum(Object.values(Role) as [Role, ...Role[]]);

/** An id or a unique name; wherever a request names an object, both do. A model version is `name@version`. */
export const refSchema = lineText(200);

/** Id and name of an object inside another's view. */
export const namedSchema = z.object({ id: z.uuid(), name: z.string() });
export type Named = z.output<typeof namedSchema>;

/** RFC 9457 with takt's own members: a stable code, the object concerned and the one next thing to do. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  action: z.string(),
  object: z.string().nullable(),
  requestId: z.string(),
  retryable: z.boolean(),
  /** Faults of a request's fields; empty where the problem is another. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type Problem = z.output<typeof problemSchema>;

/** Every list answers `{items}`, newest first where order is by time. */
export const listOf = <T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T> }> => z.object({ items: z.array(item) });

/** Query of lists that grow for ever. */
export const pageSchema = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) });

/** Query numbers and empty strings arrive as text. */
export const refQuery = refSchema.optional();
