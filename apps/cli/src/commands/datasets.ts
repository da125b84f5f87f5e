import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { datasetRoleSchema } from '@takt/contracts';
import type { DatasetRole } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { Command } from 'commander';
import { Option } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderDatasets } from '../render/content.js';
import { formatBytes } from '../render/figures.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';
import { uploadWithProgress } from '../session/upload.js';

/** The control plane looks through the whole archive, for up to 100 s, and ends when the call does. */
const IMPORT_MS = 120_000;

interface PushOptions extends CommonOptions {
  readonly as: DatasetRole;
  readonly name: string;
}

/** Seen before a long upload rather than after it. */
async function checkLayout(folder: string, role: DatasetRole): Promise<void> {
  if (role !== 'golden') return;
  await access(join(folder, 'data.yaml')).catch(() => {
    throw new TaktError({
      code: 'DatasetLayoutInvalid',
      message: `${folder} has no data.yaml, so it is not a golden set`,
      action: 'name the folder that holds data.yaml, images/ and labels/',
      component: 'cli',
      element: folder,
    });
  });
}

export function registerDatasets(program: Command, cli: Cli): void {
  withServer(program.command('datasets'))
    .description('list data sets')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listDatasets', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderDatasets(value, cli.output.style));
    });
  const dataset = program.command('dataset').description('bring a data set');
  withServer(dataset.command('push <folder>'))
    .description('pack a folder of images and upload it; equal folders give equal bytes')
    .addOption(new Option('--as <role>', 'what it is for').choices(datasetRoleSchema.options).makeOptionMandatory())
    .requiredOption('--name <name>', 'name of the data set')
    .action(async (given: string, options: PushOptions) => {
      const folder = resolve(given);
      const client = await connect(cli, options);
      await checkLayout(folder, options.as);
      const { packFolderTo } = await import('@takt/artifact-store');
      const temporary = await mkdtemp(join(tmpdir(), 'takt-dataset-'));
      try {
        const file = join(temporary, `${options.name}.tar`);
        await packFolderTo(folder, file);
        const artifact = await uploadWithProgress(cli, client, file, 'dataset');
        const body = { name: options.name, role: options.as, artifact: artifact.digest };
        const pushed = await client.call('createDataset', { body }, { signal: cli.signal, timeoutMs: IMPORT_MS });
        show(
          cli,
          options,
          pushed,
          (value) => `Pushed ${value.role} set ${value.name}: ${String(value.images)} images, ${formatBytes(value.artifact.sizeBytes)}.`,
        );
      } finally {
        await rm(temporary, { recursive: true, force: true });
      }
    });
}
