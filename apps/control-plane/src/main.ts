import { TaktError } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { init } from './commands/init.js';
import { loginCode } from './commands/login-code.js';
import { run } from './commands/run.js';
import { readConfig } from './config.js';

const USAGE = 'usage: takt-control-plane [run | init | login-code]\n';
/** A stop that hangs ends anyway: everything that matters is in the database. */
const STOP_DEADLINE_MS = 10_000;

const print = (text: string): void => void process.stdout.write(text);

async function main(command: string, signal: AbortSignal): Promise<number> {
  if (command === 'init') {
    await init(process.env, print);
    return 0;
  }
  if (command !== 'run' && command !== 'login-code') {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = readConfig(process.env);
  const logger = createLogger({ name: 'control-plane', level: config.logLevel });
  if (command === 'run') await run(config, logger, signal, print);
  else await loginCode(config, logger, print);
  return 0;
}

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    stop.abort();
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
  });
}

try {
  process.exitCode = await main(process.argv[2] ?? 'run', stop.signal);
} catch (thrown) {
  if (stop.signal.aborted) process.exitCode = 0;
  else {
    const error = TaktError.from(thrown, { code: 'ControlPlaneFailed', action: 'look at the log' });
    process.stderr.write(`${error.code}: ${error.message}\n→ ${error.action}\n`);
    process.exitCode = 1;
  }
}
