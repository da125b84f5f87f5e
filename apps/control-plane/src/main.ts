import { TaktError, printable } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { readConfig } from './config.js';

const USAGE = 'usage: takt-control-plane [run | init | login-code [--console]]\n';
/** A stop that hangs ends anyway: everything that matters is in the database. */
const STOP_DEADLINE_MS = 10_000;

const print = (text: string): void => void process.stdout.write(printable(text));

async function main(command: string, options: readonly string[], signal: AbortSignal): Promise<number> {
  if (command === 'init') {
    const { init } = await import('./commands/init.js');
    await init(process.env, print);
    return 0;
  }
  if (command !== 'run' && command !== 'login-code') {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = readConfig(process.env);
  const logger = createLogger({ name: 'control-plane', level: config.logLevel });
  // Loaded when asked for: a login code does not need the whole server.
  if (command === 'run') {
    const { run } = await import('./commands/run.js');
    await run(config, logger, signal, print);
  } else {
    const { loginCode } = await import('./commands/login-code.js');
    await loginCode(config, logger, options.includes('--console') ? 'session' : 'token', print);
  }
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
  process.exitCode = await main(process.argv[2] ?? 'run', process.argv.slice(3), stop.signal);
} catch (thrown) {
  if (stop.signal.aborted) process.exitCode = 0;
  else {
    const error = TaktError.from(thrown, { code: 'ControlPlaneFailed', action: 'look at the log' });
    process.stderr.write(printable(`${error.code}: ${error.message}\n→ ${error.action}\n`));
    process.exitCode = 1;
  }
}
