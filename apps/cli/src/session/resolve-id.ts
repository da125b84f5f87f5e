import { TaktError } from '@takt/kernel';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Characters of an id that tables show. */
export const shortId = (id: string): string => id.slice(0, 8);

/** A whole id from what a person typed: the id, the beginning of one, or `latest` (the list's first). */
export async function resolveId(kind: string, given: string, list: () => Promise<readonly { readonly id: string }[]>): Promise<string> {
  if (UUID.test(given)) return given.toLowerCase();
  const items = await list();
  const found = given === 'latest' ? items.slice(0, 1) : items.filter((item) => item.id.startsWith(given.toLowerCase()));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.id;
  const message =
    found.length === 0
      ? `there is no ${kind} whose id begins with "${given}"`
      : `"${given}" begins the ids of ${String(found.length)} ${kind}s`;
  throw new TaktError({
    code: found.length === 0 ? 'IdUnknown' : 'IdAmbiguous',
    message: given === 'latest' ? `there is no ${kind} yet` : message,
    action: `see the ids with: takt ${kind}s`,
    component: 'cli',
    element: given,
  });
}
