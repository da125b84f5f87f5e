import { resolve } from 'node:path';
import type { Command } from 'commander';
import { withJson } from '../options/common-options.js';
import { renderProbe } from '../render/hardware.js';
import { show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { runWorkerJob } from '../worker/run-worker-job.js';

interface Options extends CommonOptions {
  readonly data: string;
}

export function registerHardware(program: Command, cli: Cli): void {
  withJson(program.command('hardware'))
    .description('what this machine is: CPU, accelerators, engines, profile and fingerprint')
    .option('--data <folder>', 'folder whose disk is looked at', '.')
    .action(async (options: Options) => {
      const probe = await runWorkerJob(cli, { kind: 'probe', dataDir: resolve(options.data) });
      show(cli, options, probe, (value) => renderProbe(value, cli.output.style));
    });
}
