import { describe, expect, it } from 'vitest';
import { workerEnvironment } from './worker-environment.js';

describe('the environment of a worker', () => {
  it('has what it needs to run and nothing else of the agent', () => {
    const given = { PATH: '/bin', LC_ALL: 'C', CUDA_VISIBLE_DEVICES: '0', TAKT_LOG_LEVEL: 'info', TMPDIR: undefined };
    const kept = { TAKT_JOIN_TOKEN: 'secret', TAKT_SERVER: 'http://x', NODE_OPTIONS: '--inspect', AWS_SECRET_ACCESS_KEY: 'secret' };
    expect(workerEnvironment({ ...given, ...kept })).toEqual({
      PATH: '/bin',
      LC_ALL: 'C',
      CUDA_VISIBLE_DEVICES: '0',
      TAKT_LOG_LEVEL: 'info',
    });
  });
});
