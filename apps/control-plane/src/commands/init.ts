import { join } from 'node:path';
import { createDurableFs } from '@takt/durable-fs';
import { createTrust, renderServerConfig } from '@takt/messaging';
import { ensureSecret } from '../boot/parts.js';
import { readInitConfig } from '../config.js';

/**
 * Makes what nats-server needs before it can start: the trust and a server configuration. Repeating it changes nothing but
 * the address and port in the configuration. Prints the path of the configuration.
 */
export async function init(environment: Readonly<Record<string, string | undefined>>, print: (text: string) => void): Promise<void> {
  const { dataDir, trustDir, natsUrl, natsStoreBytes } = readInitConfig(environment);
  const fs = createDurableFs();
  const trust = await createTrust(fs, trustDir);
  await ensureSecret(fs, trustDir);
  const file = join(dataDir, 'nats', 'nats-server.conf');
  await fs.write(
    file,
    renderServerConfig(trust, {
      host: natsUrl.hostname,
      port: Number(natsUrl.port || '4222'),
      storeDir: join(dataDir, 'nats', 'jetstream'),
      maxFileStore: natsStoreBytes,
      resolverDir: join(dataDir, 'nats', 'resolver'),
    }),
    0o600,
  );
  print(`${file}\n`);
}
