import { describe, expect, it } from 'vitest';
import { TaktError } from './takt-error.js';

describe('TaktError', () => {
  const init = { code: 'NodeUnknown', message: 'node edge-9 is not known', action: 'join it first', element: 'edge-9' };

  it('survives a process boundary', () => {
    const error = new TaktError({ ...init, phase: 'fetching', retryable: true });
    expect(TaktError.fromData(error.toData()).toData()).toEqual(error.toData());
  });

  it('is not retryable unless it says so', () => {
    expect(new TaktError(init).retryable).toBe(false);
  });

  it('wraps a foreign error and keeps it as the cause', () => {
    const cause = new Error('boom');
    const error = TaktError.from(cause, { code: 'Unexpected', action: 'read the log' });
    expect(error.message).toBe('boom');
    expect(error.cause).toBe(cause);
    expect(TaktError.from(error, { code: 'Other', action: '' })).toBe(error);
  });
});
