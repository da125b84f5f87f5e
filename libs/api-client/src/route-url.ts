import { API_PREFIX } from '@takt/contracts';
import type { ApiRoute } from '@takt/contracts';
import { TaktError } from '@takt/kernel';

/** Checks the control plane's address once, where the client is made. */
export function parseBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new TaktError({
      code: 'ServerAddressInvalid',
      message: `"${text}" is not the address of a control plane`,
      action: 'give an address such as http://127.0.0.1:7080',
      component: 'api-client',
      element: text,
    });
  }
  return url;
}

/** Address of one route: parameters filled in and escaped, query members that are undefined left out. */
export function routeUrl(
  base: URL,
  route: ApiRoute,
  params: Readonly<Record<string, unknown>> = {},
  query: Readonly<Record<string, unknown>> = {},
): URL {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name];
    if (typeof value !== 'string' || value === '') throw new RangeError(`route ${route.path} needs the parameter ${name}`);
    return encodeURIComponent(value);
  });
  const url = new URL(base);
  url.pathname = `${base.pathname.replace(/\/+$/, '')}${API_PREFIX}${path}`;
  url.hash = '';
  url.search = '';
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
  }
  return url;
}
