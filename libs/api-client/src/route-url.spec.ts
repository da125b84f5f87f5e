import { apiRoutes } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { parseBaseUrl, routeUrl } from './route-url.js';

describe('routeUrl', () => {
  const base = parseBaseUrl('http://127.0.0.1:9000');

  it('fills parameters in and escapes them', () => {
    const url = routeUrl(base, apiRoutes.getModel, { ref: 'strip@1.0/β' });
    expect(url.href).toBe('http://127.0.0.1:9000/api/v1/models/strip%401.0%2F%CE%B2');
  });

  it('leaves undefined query members out', () => {
    const url = routeUrl(base, apiRoutes.listDeployments, {}, { node: undefined, limit: 5 });
    expect(url.href).toBe('http://127.0.0.1:9000/api/v1/deployments?limit=5');
  });

  it('keeps a path prefix of the server and drops its query', () => {
    const url = routeUrl(parseBaseUrl('https://factory.example/takt/?x=1#y'), apiRoutes.status);
    expect(url.href).toBe('https://factory.example/takt/api/v1/status');
  });

  it('refuses a parameter that is missing', () => {
    expect(() => routeUrl(base, apiRoutes.getNode, {})).toThrow('needs the parameter ref');
  });

  it.each(['', 'localhost', 'ftp://host', 'nats://127.0.0.1:4222'])('refuses %j as an address', (text) => {
    expect(() => parseBaseUrl(text)).toThrow(expect.objectContaining({ code: 'ServerAddressInvalid' }));
  });
});
