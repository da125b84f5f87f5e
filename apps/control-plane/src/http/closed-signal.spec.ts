import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closedSignal } from './closed-signal.js';

describe('closedSignal', () => {
  it('aborts when the connection is closed, before or after it is asked for', async () => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const signal = closedSignal(response);
    expect(signal.aborted).toBe(false);
    response.destroy();
    await new Promise(setImmediate);
    expect(signal.aborted).toBe(true);
    expect(closedSignal(response).aborted).toBe(true);
  });
});
