/**
 * Longest run of numbers without a file that counts as a loss. A damaged disk loses single files; a number farther away does
 * not come from this node's counting.
 */
export const LONGEST_GAP = 1000;

export interface JournalNumbers {
  /** Highest number that the database has. */
  readonly confirmed: number;
  /** Highest number ever given; the numbers from `confirmed` to it are pending, also those without a file. */
  readonly last: number;
  /** Files whose number this node cannot have given, ascending. */
  readonly strays: readonly number[];
}

/**
 * What the names in the journal's folder say.
 *
 * @param numbers of the files, ascending
 * @param head highest number that the database has, as it was written down; undefined where that is lost
 * @param given highest number that was given as far as is known from elsewhere; undefined where nothing is known
 * @param isReport whether a file holds the report of its number; asked only where nothing else says which numbers are right
 */
export async function journalNumbers(
  numbers: readonly number[],
  head: number | undefined,
  given: number | undefined,
  isReport: (seq: number) => Promise<boolean>,
): Promise<JournalNumbers> {
  const isAnchored = head !== undefined || given !== undefined;
  const strays: number[] = [];
  let lowest: number | undefined;
  let highest = 0;
  for (const number of numbers) {
    const isFar = number > Math.max(head ?? 0, given ?? 0, highest) + LONGEST_GAP;
    if (isFar && (isAnchored || lowest !== undefined || !(await isReport(number)))) {
      strays.push(number);
      continue;
    }
    lowest ??= number;
    highest = number;
  }
  // Only confirmed reports are deleted, so the head stands below the lowest file; the database says so if it stands higher.
  const confirmed = head ?? (lowest === undefined ? (given ?? 0) : lowest - 1);
  return { confirmed, last: Math.max(confirmed, highest), strays };
}
