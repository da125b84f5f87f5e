import type { healthViewSchema } from '@takt/contracts';
import type { Database } from '@takt/persistence';
import type { z } from 'zod';
import type { MessagingState } from '../boot/messaging-runtime.js';
import { VERSION } from '../version.js';

export class Health {
  constructor(
    private readonly db: Database,
    private readonly messaging: MessagingState,
  ) {}

  async execute(): Promise<z.output<typeof healthViewSchema>> {
    const database = await this.db.ping().then(
      () => 'up' as const,
      () => 'down' as const,
    );
    const messaging = this.messaging.connected ? 'up' : 'down';
    return { status: database === 'up' && messaging === 'up' ? 'ok' : 'degraded', version: VERSION, checks: { database, messaging } };
  }
}
