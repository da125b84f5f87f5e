import { describe, expect, it } from 'vitest';
import { crashed } from './host-client.js';

describe('a measuring host that died', () => {
  it('is tried again when something killed it, and not when the engine crashed', () => {
    expect(crashed({ signalCode: 'SIGKILL', exitCode: null }, 'int8, 4 threads')).toMatchObject({ code: 'EngineCrashed', retryable: true });
    expect(crashed({ signalCode: 'SIGSEGV', exitCode: null }, 'int8, 4 threads')).toMatchObject({
      code: 'EngineCrashed',
      retryable: false,
    });
    expect(crashed({ signalCode: null, exitCode: 1 }, 'int8, 4 threads')).toMatchObject({ retryable: false });
  });
});
