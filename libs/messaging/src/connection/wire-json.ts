import { TaktError } from '@takt/kernel';

interface Schema<T> {
  safeParse(
    value: unknown,
  ): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The first issue in one line, with the number of the others. */
const detailOf = ([first, ...others]: readonly Issue[]): string => {
  if (first === undefined) return 'no detail';
  const path = first.path.map(String).join('.');
  const more = others.length === 0 ? '' : ` (and ${String(others.length)} more)`;
  return `${path === '' ? '' : `${path}: `}${first.message}${more}`;
};

/**
 * Parses a message against its contract.
 *
 * @param what names the message in the error, e.g. `desired state of node …`
 * @throws TaktError `MessageInvalid`, not retryable: the same bytes never become valid
 */
export const parseMessage = <T>(schema: Schema<T>, bytes: Uint8Array, what: string): T => {
  const invalid = (detail: string): TaktError =>
    new TaktError({
      code: 'MessageInvalid',
      message: `${what} does not follow its contract: ${detail}`,
      action: 'run the same takt version on the node and the control plane',
      component: 'messaging',
    });
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch {
    throw invalid('not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(detailOf(parsed.error.issues));
  return parsed.data;
};
