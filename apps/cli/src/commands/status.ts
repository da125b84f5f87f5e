import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderStatus } from '../render/status.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

export function registerStatus(program: Command, cli: Cli): void {
  withServer(program.command('status'))
    .description('nodes, slots with their live figures, and deployments')
    .action(async (options: CommonOptions) => {
      const client = await connect(cli, options);
      const status = await client.call('status', {}, { signal: cli.signal });
      show(cli, options, status, (value) => renderStatus(value, cli.now(), cli.output.style));
    });
}
