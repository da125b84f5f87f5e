/** The one-time code of a link `/login#code=…`. It is in the fragment, so it reaches no server's log. */
export function codeInFragment(hash: string): string | undefined {
  const code = new URLSearchParams(hash.replace(/^#/, '')).get('code')?.trim();
  return code === undefined || code === '' ? undefined : code;
}

interface Address {
  readonly hash: string;
  readonly pathname: string;
  readonly search: string;
}

/** Takes the code out of the address bar and of the history, so that nobody finds it there later. */
export function takeCode(address: Address, replace: (url: string) => void): string | undefined {
  const code = codeInFragment(address.hash);
  if (code !== undefined) replace(`${address.pathname}${address.search}`);
  return code;
}

/** Where to go after a login; only ever a page of this console. */
export function pageAfterLogin(search: string): string {
  const wanted = new URLSearchParams(search).get('next') ?? '/';
  return /^\/(?![/\\])/.test(wanted) && !wanted.startsWith('/login') ? wanted : '/';
}
