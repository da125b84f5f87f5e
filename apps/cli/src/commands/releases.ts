import { Recipe } from '@takt/engines';
import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { HEALTH_FLAGS, healthOf } from '../options/health-flags.js';
import type { HealthOptions } from '../options/health-flags.js';
import { numberIn, threadChoice, wordList } from '../options/parse-values.js';
import { renderRelease, renderReleases } from '../render/content.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface CreateOptions extends CommonOptions, HealthOptions {
  readonly model: string;
  readonly golden: string;
  readonly calibration?: string;
  readonly recipes: Recipe[];
  readonly threads: 'sweep' | 'library-default' | number[];
  readonly budget: number;
  readonly waiveBuildCheck?: string;
  readonly profiles?: string[];
}

export function registerReleases(program: Command, cli: Cli): void {
  const releases = withServer(program.command('releases'))
    .description('list releases')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listReleases', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderReleases(value, cli.output.style));
    });

  withServer(releases.command('show <release>'))
    .description('one release')
    .action(async (ref: string, options: CommonOptions) => {
      const release = await (await connect(cli, options)).call('getRelease', { params: { ref } }, { signal: cli.signal });
      show(cli, options, release, (value) => renderRelease(value, cli.output.style));
    });

  const create = withServer(releases.command('create <name>'))
    .description('make a release: what moves together to a slot')
    .requiredOption('--model <model>', 'model version, as NAME@VERSION')
    .requiredOption('--golden <dataset>', 'golden set that accuracy is measured on')
    .option('--calibration <dataset>', 'calibration set; every int8 recipe needs one')
    .option('--recipes <list>', `what to try: ${Object.values(Recipe).join(', ')}`, wordList(Object.values(Recipe)), ['fp32', 'int8'])
    .option('--threads <choice>', 'sweep, library-default, or counts such as 1,2', threadChoice, 'sweep')
    .option('--budget <points>', 'allowed drop of mAP@0.5:0.95 against FP32, in points', numberIn(0, 100, 'points'), 0.4)
    .option('--waive-build-check <reason>', 'let a candidate that is slower than FP32 be built; the reason is kept')
    .option('--profiles <list>', 'hardware profiles it may go to (default: any)', (text) => text.split(',').map((name) => name.trim()));
  HEALTH_FLAGS.forEach((flag) => create.option(flag.flag, flag.description, flag.parse));
  create.action(async (name: string, options: CreateOptions) => {
    const { model, golden, calibration, recipes, threads, budget, waiveBuildCheck, profiles } = options;
    const body = {
      name,
      model,
      golden,
      calibration: calibration ?? null,
      recipes,
      threads,
      accuracyBudgetPoints: budget,
      waiveBuildCheck: waiveBuildCheck ?? null,
      health: healthOf(options),
      profiles: profiles ?? null,
    };
    const release = await (await connect(cli, options)).call('createRelease', { body }, { signal: cli.signal });
    show(cli, options, release, (value) => renderRelease(value, cli.output.style));
  });
}
