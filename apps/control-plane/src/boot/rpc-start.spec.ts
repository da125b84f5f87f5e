import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { RpcState, startRpc } from './rpc-start.js';

const host = (start: Promise<void>) => {
  const status = new Subject<string>();
  const rpc = { status, unwrap: <T>() => ({ rtt: () => Promise.resolve(3) }) as T };
  const app = { connectMicroservice: () => rpc, startAllMicroservices: () => start.then(() => app) };
  return { app: app as unknown as Parameters<typeof startRpc>[0], status };
};

describe('startRpc', () => {
  it('follows the connection', async () => {
    const { app, status } = host(Promise.resolve());
    const state = new RpcState();
    await startRpc(app, {}, state);
    expect(state).toEqual({ connected: false, broker: null });
    status.next('connected');
    expect(state.connected).toBe(true);
    expect(await state.broker?.ping()).toBe(3);
    status.next('disconnected');
    expect(state.connected).toBe(false);
    status.next('reconnecting');
    expect(state.connected).toBe(false);
    status.next('connected');
    expect(state.connected).toBe(true);
  });

  it('ends where the connection does not start in time, or is refused', async () => {
    const never = host(new Promise(() => undefined));
    await expect(startRpc(never.app, {}, new RpcState(), 1)).rejects.toMatchObject({ code: 'RpcNotStarted' });
    const refused = host(Promise.reject(new Error('authorization violation')));
    await expect(startRpc(refused.app, {}, new RpcState())).rejects.toThrow('authorization violation');
  });
});
