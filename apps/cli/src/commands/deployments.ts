import { deploymentStateSchema } from '@takt/contracts';
import type { DeploymentView } from '@takt/contracts';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ApiClient } from '@takt/api-client';
import { withServer } from '../options/common-options.js';
import { integerIn } from '../options/parse-values.js';
import { renderDeployment, renderDeployments } from '../render/deployments.js';
import { resolveId } from '../session/resolve-id.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface ListOptions extends CommonOptions {
  readonly node?: string;
  readonly line?: string;
  readonly state?: DeploymentView['state'];
  readonly limit: number;
}

export const resolveDeployment = (client: ApiClient, given: string): Promise<string> =>
  resolveId('deployment', given, async () => (await client.call('listDeployments', { query: { limit: 1000 } })).items);

export function registerDeployments(program: Command, cli: Cli): void {
  const deployments = withServer(program.command('deployments'))
    .description('list deployments')
    .option('--node <node>', 'only those of a node')
    .option('--line <line>', 'only those of a line')
    .addOption(new Option('--state <state>', 'only those in a state').choices(deploymentStateSchema.options))
    .option('--limit <n>', 'how many at most', integerIn(1, 1000), 50)
    .action(async (options: ListOptions) => {
      const query = { node: options.node, line: options.line, state: options.state, limit: options.limit };
      const { items } = await (await connect(cli, options)).call('listDeployments', { query }, { signal: cli.signal });
      const empty = 'There is no deployment. Make one with: takt deploy RELEASE --node NODE';
      show(cli, options, items, (value) => renderDeployments(value, cli.now(), cli.output.style) || empty);
    });

  withServer(deployments.command('show <deployment>'))
    .description('one deployment with its history, candidates and check (an id, the beginning of one, or "latest")')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const id = await resolveDeployment(client, given);
      const detail = await client.call('getDeployment', { params: { id } }, { signal: cli.signal });
      show(cli, options, detail, (value) => renderDeployment(value, cli.output.style));
    });

  withServer(deployments.command('cancel <deployment>'))
    .description('cancel a deployment whose engine is not active yet')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const id = await resolveDeployment(client, given);
      const cancelled = await client.call('cancelDeployment', { params: { id } }, { signal: cli.signal });
      show(cli, options, cancelled, (value) => `Deployment ${value.id} is ${value.state}.`);
    });
}
