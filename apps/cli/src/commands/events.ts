import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { integerIn } from '../options/parse-values.js';
import { renderEventLine, renderEvents } from '../render/events.js';
import { formatDuration } from '../render/figures.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface Options extends CommonOptions {
  readonly follow?: true;
  readonly limit: number;
  readonly after?: number;
}

export function registerEvents(program: Command, cli: Cli): void {
  withServer(program.command('events'))
    .description('what happened')
    .option('--follow', 'go on with what happens; with --json one JSON document per line')
    .option('--limit <n>', 'how many events at most', integerIn(1, 1000), 50)
    .option('--after <seq>', 'only events after this number', integerIn(0, Number.MAX_SAFE_INTEGER))
    .action(async (options: Options) => {
      const client = await connect(cli, options);
      const query = { limit: options.limit, after: options.after };
      const { items } = await client.call('listEvents', { query }, { signal: cli.signal });
      const oldestFirst = [...items].sort((a, b) => a.seq - b.seq);
      if (options.follow !== true) {
        show(cli, options, oldestFirst, (value) => renderEvents(value, cli.output.style));
        return;
      }
      const print = (event: (typeof items)[number]): void => {
        if (options.json === true) cli.output.json(event, 'line');
        else cli.output.line(renderEventLine(event, cli.output.style));
      };
      oldestFirst.forEach(print);
      const after = oldestFirst.at(-1)?.seq ?? options.after ?? 0;
      for await (const notification of client.events({ after, signal: cli.signal })) {
        if (notification.type === 'event') print(notification.event);
        if (notification.type === 'disconnected') {
          cli.output.note(`${notification.error.message}; trying again in ${formatDuration(notification.retryInMs / 1000)}`);
        }
      }
    });
}
