/** Parts that a message names; a person looks at the node for the others. */
const NAMED = 5;

/** The first five parts joined, and how many more there are. */
export function firstFew(parts: readonly string[], separator: string): string {
  const more = parts.length - NAMED;
  return [...parts.slice(0, NAMED), ...(more > 0 ? [`and ${String(more)} more`] : [])].join(separator);
}
