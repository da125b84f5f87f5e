import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { candidatesOf } from '../render/deployments.js';
import { renderExplanation } from '../render/explanation.js';
import type { ShownExplanation } from '../render/explanation.js';
import { resolveDeployment } from './deployments.js';
import { resolveGate, resolveRollout } from '../session/resolve-rollout.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

export function registerExplain(program: Command, cli: Cli): void {
  const explain = program.command('explain').description('why something is as it is, with the numbers and one thing to do');
  const render = (value: ShownExplanation): string => renderExplanation(value, cli.output.style);

  withServer(explain.command('node <node>'))
    .description('why a node is as it is')
    .action(async (ref: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      show<ShownExplanation>(cli, options, await client.call('explainNode', { params: { ref } }, { signal: cli.signal }), render);
    });

  withServer(explain.command('rollout <rollout>'))
    .description('why a rollout stands where it stands (a name, an id, or "latest")')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const ref = await resolveRollout(client, given);
      show<ShownExplanation>(cli, options, await client.call('explainRollout', { params: { ref } }, { signal: cli.signal }), render);
    });

  withServer(explain.command('gate <gate>'))
    .description('what a gate measured and what follows (an id, or ROLLOUT/WAVE/PROFILE, of which the newest is taken)')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const id = await resolveGate(client, given);
      show<ShownExplanation>(cli, options, await client.call('explainGate', { params: { id } }, { signal: cli.signal }), render);
    });

  withServer(explain.command('deployment <deployment>'))
    .description('why a deployment went as it went (an id, the beginning of one, or "latest")')
    .action(async (given: string, options: CommonOptions) => {
      const client = await connect(cli, options);
      const id = await resolveDeployment(client, given);
      const explanation = await client.call('explainDeployment', { params: { id } }, { signal: cli.signal });
      const detail = await client.call('getDeployment', { params: { id } }, { signal: cli.signal });
      show<ShownExplanation>(cli, options, { ...explanation, candidates: candidatesOf(detail) }, render);
    });
}
