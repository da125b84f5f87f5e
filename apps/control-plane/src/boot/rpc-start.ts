import type { INestApplication, INestMicroservice } from '@nestjs/common';
import { Transport } from '@nestjs/microservices';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { TaktError } from '@takt/kernel';
import { within } from './within.js';

/** Longest start of the connection, ms, once another one stands: NATS answers then, and what does not come by itself never does. */
export const START_RPC_MS = 60_000;

/** How the connection is over which nodes' requests are answered; for the health answer. */
export class RpcState {
  connected = false;
  /** Set as soon as there was a connection. */
  broker: { readonly ping: () => Promise<unknown> } | null = null;
}

type RpcHost = Pick<INestApplication, 'startAllMicroservices'> & {
  connectMicroservice(options: MicroserviceOptions, hybrid: { inheritAppConfig: true }): Pick<INestMicroservice, 'status' | 'unwrap'>;
};

/**
 * Has nodes' requests answered over a connection of their own.
 *
 * @param transport options of the NATS connection
 * @throws TaktError `RpcNotStarted` after `limitMs`; the transport's own error where the server refuses
 */
export async function startRpc(app: RpcHost, transport: object, state: RpcState, limitMs = START_RPC_MS): Promise<void> {
  const options = { transport: Transport.NATS, options: { ...transport, queue: 'control-plane' } as never } as const;
  const rpc = app.connectMicroservice(options, { inheritAppConfig: true });
  rpc.status.subscribe((status) => {
    state.connected = status === 'connected';
    if (state.connected) state.broker ??= { ping: () => rpc.unwrap<{ rtt(): Promise<number> }>().rtt() };
  });
  const starting = app.startAllMicroservices();
  if (await within(limitMs, starting)) return void (await starting);
  throw new TaktError({
    code: 'RpcNotStarted',
    message: `the NATS connection that answers nodes' requests did not start within ${String(limitMs / 1000)} s`,
    action: 'check that NATS accepts more connections; the control plane starts again by its unit',
    retryable: true,
  });
}
