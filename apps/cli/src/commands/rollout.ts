import type { RouteInput } from '@takt/api-client';
import type { RolloutDetail } from '@takt/contracts';
import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { integerIn } from '../options/parse-values.js';
import { policyOf, targetOf, withPolicy, withTarget } from '../options/rollout-flags.js';
import type { PolicyOptions, TargetOptions } from '../options/rollout-flags.js';
import { ExitCode } from '../output/report-error.js';
import { renderRollout, renderRolloutPlan, renderRollouts } from '../render/rollouts.js';
import { resolveRollout } from '../session/resolve-rollout.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { rolloutEnd, watchRollout } from '../watch/watch-rollout.js';
import { registerRolloutIntents } from './rollout-intents.js';

interface PlanOptions extends CommonOptions, TargetOptions, PolicyOptions {}
interface WatchOptions extends CommonOptions {
  readonly exitOnHold?: true;
}
interface StartOptions extends PlanOptions, WatchOptions {
  readonly supersede?: true;
  readonly watch?: true;
}
interface ListOptions extends CommonOptions {
  readonly active?: true;
  readonly node?: string;
  readonly limit: number;
}

const EXIT_ON_HOLD = 'end with exit code 1 when it waits for a person, instead of waiting too';

export function registerRollout(program: Command, cli: Cli): void {
  const rollout = program.command('rollout').description('move a release through the fleet in waves, with a gate after each');
  registerPlan(rollout, cli);
  registerStart(rollout, cli);
  registerReading(rollout, cli);
  registerRolloutIntents(rollout, cli);
}

const bodyOf = (release: string, options: StartOptions, command: Command): RouteInput<'createRollout'>['body'] => ({
  release,
  target: targetOf(options),
  policy: policyOf(options, command),
  supersede: options.supersede === true,
});

const withReason = (command: Command): Command =>
  command.option('--reason <text>', 'why the local loop is switched off; kept with the rollout');

function registerPlan(rollout: Command, cli: Cli): void {
  const plan = withReason(withPolicy(withTarget(withServer(rollout.command('plan <release>')))));
  plan.description('waves and exclusions that a rollout would have; changes nothing');
  plan.action(async (release: string, options: PlanOptions) => {
    const body = bodyOf(release, options, plan);
    const planned = await (await connect(cli, options)).call('planRollout', { body }, { signal: cli.signal });
    show(cli, options, planned, (value) => renderRolloutPlan(value, cli.output.style));
  });
}

function registerStart(rollout: Command, cli: Cli): void {
  const start = withReason(withPolicy(withTarget(withServer(rollout.command('start <release>')))))
    .description('start a rollout')
    .option('--supersede', 'take the place of unfinished rollouts that share nodes with it')
    .option('--watch', 'show progress until it has ended; exit code 0 only when it succeeded')
    .option('--exit-on-hold', EXIT_ON_HOLD);
  start.action(async (release: string, options: StartOptions) => {
    const body = bodyOf(release, options, start);
    const client = await connect(cli, options);
    const started = await client.call('createRollout', { body }, { signal: cli.signal });
    if (options.watch !== true) {
      show(
        cli,
        options,
        started,
        (value) => `${renderRollout(value, cli.output.style)}\n\nWatch it with: takt rollout watch ${value.name}`,
      );
      return;
    }
    await watchToEnd(cli, options, client, started.id);
  });
}

function registerReading(rollout: Command, cli: Cli): void {
  withServer(rollout.command('list'))
    .description('list rollouts, newest first')
    .option('--active', 'only those that have not ended')
    .option('--node <node>', 'only those of a node')
    .option('--limit <n>', 'how many at most', integerIn(1, 1000), 50)
    .action(async (options: ListOptions) => {
      const query = { node: options.node, limit: options.limit, active: options.active };
      const { items } = await (await connect(cli, options)).call('listRollouts', { query }, { signal: cli.signal });
      show(cli, options, items, (value) => renderRollouts(value, cli.now(), cli.output.style));
    });

  withServer(rollout.command('show <rollout>'))
    .description('one rollout with its waves, nodes and gates (a name, an id, or "latest")')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const ref = await resolveRollout(client, given);
      const detail = await client.call('getRollout', { params: { ref } }, { signal: cli.signal });
      show(cli, options, detail, (value) => renderRollout(value, cli.output.style));
    });

  withServer(rollout.command('watch <rollout>'))
    .description('show progress until it has ended; exit code 0 only when it succeeded')
    .option('--exit-on-hold', EXIT_ON_HOLD)
    .action(async (given: string, options: WatchOptions) => {
      const client = await connect(cli, options);
      await watchToEnd(cli, options, client, await resolveRollout(client, given));
    });
}

async function watchToEnd(cli: Cli, options: WatchOptions, client: Awaited<ReturnType<typeof connect>>, ref: string): Promise<void> {
  const watcher = { client, output: cli.output, signal: cli.signal, now: cli.now, seeLater: `takt rollout show ${ref}` };
  const detail = await watchRollout(watcher, ref, options.exitOnHold === true);
  show(cli, options, detail, (value) => `${mark(cli, value)} ${rolloutEnd(value)}`);
  if (detail.phase === 'succeeded') return;
  cli.output.note(`Next: takt explain rollout ${detail.name}`);
  cli.exitWith(ExitCode.failed);
}

const mark = ({ output: { style } }: Cli, { phase }: RolloutDetail): string => (phase === 'succeeded' ? style.good('✓') : style.bad('✗'));
