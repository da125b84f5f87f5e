import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderControlPlaneHealth } from '../render/control-plane-health.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

export function registerHealth(program: Command, cli: Cli): void {
  withServer(program.command('health'))
    .description('how the control plane and its parts are')
    .action(async (options: CommonOptions) => {
      const client = await connect(cli, options);
      const health = await client.call('health', {}, { signal: cli.signal });
      show(cli, options, health, (value) => renderControlPlaneHealth(value, cli.output.style));
    });
}
