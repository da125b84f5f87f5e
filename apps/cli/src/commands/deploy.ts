import type { Command } from 'commander';
import { Option } from 'commander';
import type { ApiClient } from '@takt/api-client';
import { withServer } from '../options/common-options.js';
import { ExitCode } from '../output/report-error.js';
import { renderDeployments } from '../render/deployments.js';
import { resolveId } from '../session/resolve-id.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { endWords, watchDeployments } from '../watch/watch-deployments.js';

interface Options extends CommonOptions {
  readonly node?: string;
  readonly line?: string;
  readonly slot?: string;
  readonly watch?: true;
}

type Target = { node: string } | { line: string } | { slot: string };

async function targetOf(client: ApiClient, { node, line, slot }: Options): Promise<Target | undefined> {
  if (node !== undefined) return { node };
  if (line !== undefined) return { line };
  if (slot === undefined) return undefined;
  return { slot: await resolveId('slot', slot, async () => (await client.call('listSlots')).items) };
}

export function registerDeploy(program: Command, cli: Cli): void {
  const deploy = withServer(program.command('deploy <release>'))
    .description('deploy a release to a slot, or to every slot of a node or line')
    .addOption(new Option('--node <node>', 'every slot of this node').conflicts(['line', 'slot']))
    .addOption(new Option('--line <line>', 'every slot of this line').conflicts(['node', 'slot']))
    .addOption(new Option('--slot <slot>', 'this slot (an id or the beginning of one)').conflicts(['node', 'line']))
    .option('--watch', 'show progress until it has ended; exit code 0 only when every deployment is committed');
  deploy.action(async (release: string, options: Options) => {
    if (options.node === undefined && options.line === undefined && options.slot === undefined) {
      deploy.error('error: say where to: --node, --line or --slot', { exitCode: ExitCode.usage });
    }
    const client = await connect(cli, options);
    const target = await targetOf(client, options);
    const { items } = await client.call('createDeployments', { body: { release, ...target } }, { signal: cli.signal });
    if (options.watch !== true) {
      show(cli, options, items, (value) => renderDeployments(value, cli.now(), cli.output.style));
      return;
    }
    const details = await watchDeployments(
      { client, output: cli.output, signal: cli.signal, now: cli.now, seeLater: 'takt deployments' },
      items.map((item) => item.id),
    );
    const { good, bad } = cli.output.style;
    show(cli, options, details, (value) =>
      value.map((detail) => `${detail.state === 'committed' ? good('✓') : bad('✗')} ${endWords(detail)}`).join('\n'),
    );
    const kept = details.filter((detail) => detail.state === 'committed');
    if (kept.length === details.length) return;
    const first = details.find((detail) => detail.state !== 'committed');
    if (first !== undefined) cli.output.note(`Next: takt explain deployment ${first.id}`);
    cli.exitWith(ExitCode.failed);
  });
}
