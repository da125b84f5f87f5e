import { describe, expect, it } from 'vitest';
import { readConfig } from './config.js';

describe('readConfig', () => {
  it('has defaults for an empty environment', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ server: undefined, token: undefined, debug: false, colour: true });
    expect(config.credentialsFile).toMatch(/\.config\/takt\/credentials\.json$/);
    expect(config.workerPath).toMatch(/worker\/bin\/takt-worker\.mjs$/);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads what is set and takes empty values as unset', () => {
    const config = readConfig({
      TAKT_SERVER: 'http://h:1',
      TAKT_TOKEN: 't',
      TAKT_DEBUG: '1',
      NO_COLOR: '1',
      XDG_CONFIG_HOME: '/x',
      TAKT_WORKER: '/w.mjs',
    });
    expect(config).toEqual({
      server: 'http://h:1',
      token: 't',
      debug: true,
      colour: false,
      credentialsFile: '/x/takt/credentials.json',
      workerPath: '/w.mjs',
    });
    expect(readConfig({ TAKT_SERVER: '', TAKT_TOKEN: '', TAKT_DEBUG: '0' })).toMatchObject({
      server: undefined,
      token: undefined,
      debug: false,
    });
  });

  it('names the key of a wrong value, never the value', () => {
    expect(() => readConfig({ TAKT_SERVER: 'secret-thing' })).toThrow(/TAKT_SERVER/);
    expect(() => readConfig({ TAKT_SERVER: 'secret-thing' })).not.toThrow(/secret-thing/);
  });
});
