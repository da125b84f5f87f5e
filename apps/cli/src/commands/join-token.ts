import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { integerIn, numberIn } from '../options/parse-values.js';
import { formatDateTime } from '../render/figures.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface Options extends CommonOptions {
  readonly site: string;
  readonly uses: number;
  readonly expires: number;
}

export function registerJoinToken(program: Command, cli: Cli): void {
  const group = program.command('join-token').description('tokens with which nodes join');
  withServer(group.command('create'))
    .description('make a join token; it is shown once')
    .requiredOption('--site <site>', 'site the nodes will belong to')
    .option('--uses <n>', 'nodes that may join with it', integerIn(1, 10_000), 1)
    .option('--expires <minutes>', 'minutes until it expires', numberIn(0.1, 60 * 24 * 90, 'minutes'), 60)
    .action(async (options: Options) => {
      const body = { site: options.site, uses: options.uses, expiresInMinutes: options.expires };
      const made = await (await connect(cli, options)).call('createJoinToken', { body }, { signal: cli.signal });
      show(cli, options, made, (value) =>
        [
          value.token,
          '',
          `For ${String(value.uses)} node${value.uses === 1 ? '' : 's'} at ${value.site}, until ${formatDateTime(value.expiresAt)}.`,
        ].join('\n'),
      );
    });
}
