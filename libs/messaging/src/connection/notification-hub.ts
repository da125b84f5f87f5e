import type { ConnectionNotification } from './notifications.js';

interface Listener {
  readonly queue: ConnectionNotification[];
  wake: () => void;
}

/** Notifications for any number of readers, each with its own queue, over the life of several connections. */
export class NotificationHub {
  readonly #listeners = new Set<Listener>();
  #ended: ConnectionNotification | undefined;

  push(notification: ConnectionNotification): void {
    if (this.#ended !== undefined) return;
    for (const listener of this.#listeners) {
      listener.queue.push(notification);
      listener.wake();
    }
  }

  /** Gives everybody a last notification. */
  end(last: ConnectionNotification): void {
    if (this.#ended !== undefined) return;
    this.push(last);
    this.#ended = last;
    for (const listener of this.#listeners) listener.wake();
  }

  /** Notifications from this call on, after `first`; ends with the last one. */
  listen(first: readonly ConnectionNotification[]): AsyncGenerator<ConnectionNotification, void, undefined> {
    const listener: Listener = { queue: this.#ended === undefined ? [...first] : [this.#ended], wake: () => undefined };
    this.#listeners.add(listener);
    return this.#read(listener);
  }

  async *#read(listener: Listener): AsyncGenerator<ConnectionNotification, void, undefined> {
    try {
      for (;;) {
        const next = listener.queue.shift();
        if (next !== undefined) {
          yield next;
          continue;
        }
        if (this.#ended !== undefined) return;
        await new Promise<void>((resolve) => {
          listener.wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }
}
