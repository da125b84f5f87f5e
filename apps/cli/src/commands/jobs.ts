import { jobStateSchema } from '@takt/contracts';
import type { JobState } from '@takt/contracts';
import type { Command } from 'commander';
import { Option } from 'commander';
import { withServer } from '../options/common-options.js';
import { integerIn } from '../options/parse-values.js';
import { renderJob, renderJobs } from '../render/jobs.js';
import { resolveId } from '../session/resolve-id.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface ListOptions extends CommonOptions {
  readonly node?: string;
  readonly state?: JobState;
  readonly limit: number;
}

export function registerJobs(program: Command, cli: Cli): void {
  const jobs = withServer(program.command('jobs'))
    .description('list jobs: calibrations and builds')
    .option('--node <node>', 'only those of a node')
    .addOption(new Option('--state <state>', 'only those in a state').choices(jobStateSchema.options))
    .option('--limit <n>', 'how many at most', integerIn(1, 1000), 50)
    .action(async (options: ListOptions) => {
      const query = { node: options.node, state: options.state, limit: options.limit };
      const { items } = await (await connect(cli, options)).call('listJobs', { query }, { signal: cli.signal });
      show(cli, options, items, (value) => renderJobs(value, cli.now(), cli.output.style));
    });
  withServer(jobs.command('show <job>'))
    .description('one job with its result (an id, the beginning of one, or "latest")')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const id = await resolveId('job', given, async () => (await client.call('listJobs', { query: { limit: 1000 } })).items);
      const job = await client.call('getJob', { params: { id } }, { signal: cli.signal });
      show(cli, options, job, (value) => renderJob(value, cli.output.style));
    });
}
