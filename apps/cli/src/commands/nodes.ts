import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { renderNode, renderNodes } from '../render/nodes.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

export function registerNodes(program: Command, cli: Cli): void {
  const nodes = withServer(program.command('nodes'))
    .description('list nodes')
    .action(async (options: CommonOptions) => {
      const { items } = await (await connect(cli, options)).call('listNodes', {}, { signal: cli.signal });
      show(cli, options, items, (value) => renderNodes(value, cli.now(), cli.output.style));
    });
  withServer(nodes.command('show <node>'))
    .description('one node: hardware, conditions and what it serves')
    .action(async (ref: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const node = await client.call('getNode', { params: { ref } }, { signal: cli.signal });
      const slots = (await client.call('listSlots', {}, { signal: cli.signal })).items.filter((slot) => slot.node.id === node.id);
      show(cli, options, { ...node, slots }, () => renderNode(node, slots, cli.now(), cli.output.style));
    });
}
