import type { NatsConnection } from '@nats-io/transport-node';
import { AuthorizationError, PermissionViolationError, UserAuthenticationExpiredError } from '@nats-io/transport-node';

/** What happens to a connection. The application decides what it means and what to log. */
export type ConnectionNotification =
  | { readonly type: 'connected'; readonly server: string }
  | { readonly type: 'disconnected'; readonly server: string }
  | { readonly type: 'reconnecting' }
  /** The server refused something; `expired` and `unauthorized` repeat until the JWT is renewed. */
  | { readonly type: 'refused'; readonly reason: 'expired' | 'unauthorized' | 'permission'; readonly message: string }
  | { readonly type: 'error'; readonly message: string }
  | { readonly type: 'closed' };

/** What an error of the connection means. */
export const refusal = (error: Error): ConnectionNotification => {
  const { message } = error;
  if (error instanceof UserAuthenticationExpiredError) return { type: 'refused', reason: 'expired', message };
  if (error instanceof AuthorizationError) return { type: 'refused', reason: 'unauthorized', message };
  if (error instanceof PermissionViolationError) return { type: 'refused', reason: 'permission', message };
  return { type: 'error', message };
};

/**
 * Notifications from now on; ends after `closed`. Each call has its own queue.
 *
 * @param startWithState begin with `connected` where the connection is not closed
 */
export async function* connectionNotifications(
  connection: NatsConnection,
  startWithState = true,
): AsyncGenerator<ConnectionNotification, void, undefined> {
  const statuses = connection.status();
  if (startWithState && !connection.isClosed()) yield { type: 'connected', server: connection.getServer() };
  for await (const status of statuses) {
    switch (status.type) {
      case 'reconnect':
        yield { type: 'connected', server: status.server };
        break;
      case 'disconnect':
        yield { type: 'disconnected', server: status.server };
        break;
      case 'reconnecting':
      case 'forceReconnect':
        yield { type: 'reconnecting' };
        break;
      case 'error':
        yield refusal(status.error);
        break;
      case 'staleConnection':
        yield { type: 'error', message: 'the server stopped answering pings' };
        break;
      case 'close':
      case 'ldm':
      case 'ping':
      case 'slowConsumer':
      case 'update':
        break;
    }
  }
  yield { type: 'closed' };
}
