import type { Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import type { LoginCode } from '@takt/persistence';
import { issueLoginCode } from '../access/login-code.js';
import type { Config } from '../config.js';

/** Makes a new one-time code and prints it alone on a line; older codes of its purpose are void. */
export async function loginCode(
  config: Config,
  logger: Logger,
  purpose: LoginCode['purpose'],
  print: (text: string) => void,
): Promise<void> {
  const db = await Database.open({ url: config.databaseUrl, logger, poolSize: 2, limits: config.databaseLimits });
  try {
    const code = await db.transaction((stores) => issueLoginCode(stores, new Date(), purpose));
    print(`${code}\n`);
  } finally {
    await db.close();
  }
}
