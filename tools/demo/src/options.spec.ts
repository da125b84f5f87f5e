import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.js';

describe('options of npm start', () => {
  it('has defaults', () => {
    expect(parseOptions([], '/repo')).toEqual({ once: false, fresh: false, servicesOnly: false, dataDir: '/repo/.takt/data', port: 4600 });
  });

  it('reads flags', () => {
    expect(parseOptions(['--once', '--fresh', '--no-demo', '--data', 'x', '--port', '5000'], '/repo')).toEqual({
      once: true,
      fresh: true,
      servicesOnly: true,
      dataDir: '/repo/x',
      port: 5000,
    });
  });

  it.each([[['--port', 'http']], [['--port', '70000']], [['--nce']]])('refuses %j with the usage as the next step', (args) => {
    expect(() => parseOptions(args, '/repo')).toThrow(
      expect.objectContaining({ code: 'UsageError', action: 'see npm start -- --help' }) as Error,
    );
  });
});
