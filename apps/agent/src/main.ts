import { readFile } from 'node:fs/promises';
import { createDurableFs } from '@takt/durable-fs';
import { TaktError, printable } from '@takt/kernel';
import { createLogger } from '@takt/observability';
import { systemClock } from './clock.js';
import { readConfig } from './config.js';
import { dataFolder } from './data-folder.js';
import { acceptConflict } from './local/accept.js';
import { diagnose } from './local/diagnose.js';
import { forgetFailures } from './local/forget.js';
import { printResult } from './local/output.js';
import { rollBackLines } from './local/rollback.js';
import { nodeStatus } from './local/status.js';
import { joinCommand } from './run/join-command.js';
import { runCommand } from './run/run-command.js';
import type { AgentContext } from './run/context.js';

async function main(): Promise<number> {
  try {
    const config = readConfig(process.argv.slice(2), process.env);
    const context: AgentContext = {
      config,
      folder: dataFolder(config.dataDir),
      fs: createDurableFs(),
      clock: systemClock,
      logger: createLogger({ name: 'agent', level: config.logLevel }),
      agentVersion: await ownVersion(),
    };
    switch (config.command) {
      case 'run':
        return await runCommand(context);
      case 'join':
        return printResult(config.json, await joinCommand(context));
      case 'status':
        return printResult(config.json, await nodeStatus(context));
      case 'diagnose':
        return printResult(config.json, await diagnose(context));
      case 'rollback':
        return printResult(config.json, await rollBackLines(context));
      case 'accept':
        return printResult(config.json, await acceptConflict(context));
      case 'forget':
        return printResult(config.json, await forgetFailures(context));
    }
  } catch (thrown) {
    const error = TaktError.from(thrown, {
      code: 'AgentFailed',
      action: 'run it again with TAKT_LOG_LEVEL=debug and report it',
      component: 'agent',
    });
    process.stderr.write(printable(`${error.code}: ${error.message}\n  → ${error.action}\n`));
    return 1;
  }
}

async function ownVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}

process.exitCode = await main();
