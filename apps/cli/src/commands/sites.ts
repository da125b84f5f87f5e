import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderSites } from '../render/topology.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

export function registerSites(program: Command, cli: Cli): void {
  const sites = withServer(program.command('sites'))
    .description('list sites')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listSites', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderSites(value, cli.output.style));
    });
  withServer(sites.command('create <name>'))
    .description('make a site')
    .action(async (name: string, options: CommonOptions) => {
      const site = await (await connect(cli, options)).call('createSite', { body: { name } }, { signal: cli.signal });
      show(cli, options, site, (value) => `Made site ${value.name}.`);
    });
}
