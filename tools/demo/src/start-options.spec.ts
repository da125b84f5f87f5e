import { describe, expect, it } from 'vitest';
import { parseStartOptions } from '@takt/local-stack/setup/start-options';

const refusal = (message: string): Error => expect.objectContaining({ message: expect.stringContaining(message) as string }) as Error;

describe('options of npm start', () => {
  it('has defaults', () => {
    expect(parseStartOptions([], '/repo', '/home')).toEqual({
      once: false,
      fresh: false,
      servicesOnly: false,
      dataDir: '/repo/.takt/data',
      port: undefined,
    });
  });

  it('reads flags; a given folder is relative to where the command was typed', () => {
    expect(parseStartOptions(['--once', '--fresh', '--no-demo', '--data', 'x', '--port', '0'], '/repo', '/home')).toEqual({
      once: true,
      fresh: true,
      servicesOnly: true,
      dataDir: '/home/x',
      port: 0,
    });
    expect(parseStartOptions(['-h'], '/repo')).toBe('help');
  });

  it.each([
    [['--port', 'http'], '--port http is neither 0 nor a port number'],
    [['--port', '70000'], '--port 70000 is neither 0 nor a port number'],
    [['--port', '1.5'], '--port 1.5 is neither 0 nor a port number'],
    [['--port', '22'], '--port 22 is neither 0 nor'],
    [['--port'], '--port'],
    [['--nce'], "Unknown option '--nce'"],
    [['demo'], 'demo'],
    [['--data', ''], '--data names no folder'],
  ])('refuses %j with the usage as the next step', (args, message) => {
    expect(() => parseStartOptions(args, '/repo')).toThrow(refusal(message));
    expect(() => parseStartOptions(args, '/repo')).toThrow(expect.objectContaining({ action: 'see npm start -- --help' }) as Error);
  });
});
