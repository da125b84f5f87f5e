import type { LineView } from '@takt/contracts';
import type { Command } from 'commander';
import { Option } from 'commander';
import { withServer } from '../options/common-options.js';
import { numberIn } from '../options/parse-values.js';
import { renderLine, renderLines } from '../render/topology.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface SourceOptions extends CommonOptions {
  readonly name?: string;
  readonly requiredFps?: number;
  readonly fps?: number;
  readonly framesDataset?: string;
  readonly framesPath?: string;
}
interface CreateOptions extends SourceOptions {
  readonly site: string;
  readonly requiredFps: number;
  readonly fps: number;
}

interface Source {
  readonly kind: 'image-directory';
  readonly fps: number;
  readonly dataset?: string;
  readonly path?: string;
}

const frames = (options: SourceOptions): Pick<Source, 'dataset' | 'path'> => {
  if (options.framesDataset !== undefined) return { dataset: options.framesDataset };
  return options.framesPath === undefined ? {} : { path: options.framesPath };
};

/** The source after a change: what is not named stays as it is. */
export function changedSource(line: LineView, options: SourceOptions): Source | undefined {
  const named = frames(options);
  if (options.fps === undefined && named.dataset === undefined && named.path === undefined) return undefined;
  const { source } = line;
  const kept = source.dataset === null ? { path: source.path ?? '' } : { dataset: source.dataset.id };
  const place = named.dataset === undefined && named.path === undefined ? kept : named;
  return { kind: source.kind, fps: options.fps ?? source.fps, ...place };
}

const withSource = (command: Command): Command =>
  command
    .addOption(new Option('--frames-dataset <dataset>', 'data set whose images are the frames').conflicts('framesPath'))
    .option('--frames-path <folder>', 'folder on the node whose images are the frames');

export function registerLines(program: Command, cli: Cli): void {
  const lines = withServer(program.command('lines'))
    .description('list lines')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listLines', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderLines(value, cli.output.style));
    });

  withServer(lines.command('show <line>'))
    .description('one line')
    .action(async (ref: string, options: CommonOptions) => {
      const line = await (await connect(cli, options)).call('getLine', { params: { ref } }, { signal: cli.signal });
      show(cli, options, line, (value) => renderLine(value, cli.output.style));
    });

  const create = withServer(withSource(lines.command('create <slug>')))
    .description('make a line')
    .requiredOption('--site <site>', 'site it belongs to')
    .requiredOption('--required-fps <n>', 'results per second the line needs', numberIn(0, 10_000, 'FPS'))
    .requiredOption('--fps <n>', 'frames per second of the camera', numberIn(0.001, 1000, 'FPS'))
    .option('--name <name>', 'name for people (default: the slug)');
  create.action(async (slug: string, options: CreateOptions) => {
    const place = frames(options);
    if (place.dataset === undefined && place.path === undefined)
      create.error('error: give --frames-dataset or --frames-path', { exitCode: 2 });
    const { site, name, requiredFps, fps } = options;
    const source = { kind: 'image-directory' as const, fps, ...place };
    const body = { site, slug, requiredFps, source, ...(name === undefined ? {} : { name }) };
    const line = await (await connect(cli, options)).call('createLine', { body }, { signal: cli.signal });
    show(cli, options, line, (value) => `Made line ${value.slug} at ${value.site}.`);
  });

  const change = withServer(withSource(lines.command('set <line>')))
    .description('change a line; what is not named stays')
    .option('--name <name>', 'name for people')
    .option('--required-fps <n>', 'results per second the line needs', numberIn(0, 10_000, 'FPS'))
    .option('--fps <n>', 'frames per second of the camera', numberIn(0.001, 1000, 'FPS'));
  change.action(async (ref: string, options: SourceOptions) => {
    const client = await connect(cli, options);
    const before = await client.call('getLine', { params: { ref } }, { signal: cli.signal });
    const source = changedSource(before, options);
    const { name, requiredFps } = options;
    const body = {
      ...(name === undefined ? {} : { name }),
      ...(requiredFps === undefined ? {} : { requiredFps }),
      ...(source === undefined ? {} : { source }),
    };
    if (Object.keys(body).length === 0) change.error('error: name what should change, e.g. --required-fps 12', { exitCode: 2 });
    const line = await client.call('updateLine', { params: { ref: before.id }, body }, { signal: cli.signal });
    show(cli, options, line, (value) => renderLine(value, cli.output.style));
  });
}
