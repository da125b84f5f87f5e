import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { formatBytes } from '../render/figures.js';
import { renderModels } from '../render/content.js';
import { uploadWithProgress } from '../session/upload.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface PushOptions extends CommonOptions {
  readonly name: string;
  readonly version: string;
}

export function registerModels(program: Command, cli: Cli): void {
  withServer(program.command('models'))
    .description('list model versions')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listModels', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderModels(value, cli.output.style));
    });
  const model = program.command('model').description('bring a model');
  withServer(model.command('push <file>'))
    .description('upload an ONNX file as a model version')
    .requiredOption('--name <name>', 'name of the model')
    .requiredOption('--version <version>', 'version of the model')
    .action(async (file: string, options: PushOptions) => {
      const client = await connect(cli, options);
      const artifact = await uploadWithProgress(cli, client, file, 'model');
      const body = { name: options.name, version: options.version, artifact: artifact.digest };
      const pushed = await client.call('createModel', { body }, { signal: cli.signal });
      show(
        cli,
        options,
        pushed,
        (value) => `Pushed ${value.name}@${value.version}: ${formatBytes(value.artifact.sizeBytes)}, ${value.artifact.digest}.`,
      );
    });
}
