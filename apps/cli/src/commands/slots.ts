import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderSlots } from '../render/topology.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

interface CreateOptions extends CommonOptions {
  readonly line: string;
  readonly node: string;
  readonly model: string;
}

export function registerSlots(program: Command, cli: Cli): void {
  const slots = withServer(program.command('slots'))
    .description('list slots: which model a node serves on which line')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listSlots', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderSlots(value, cli.output.style));
    });
  withServer(slots.command('create'))
    .description('put a model on a line, served by a node')
    .requiredOption('--line <line>', 'line to serve')
    .requiredOption('--node <node>', 'node that serves it')
    .requiredOption('--model <model>', 'name of the model, without a version')
    .action(async (options: CreateOptions) => {
      const { line, node, model } = options;
      const slot = await (await connect(cli, options)).call('createSlot', { body: { line, node, model } }, { signal: cli.signal });
      show(cli, options, slot, (value) => `Made slot ${value.id}: ${value.model} on ${value.line.name}, served by ${value.node.name}.`);
    });
}
