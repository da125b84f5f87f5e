import type { RolloutDetail } from '@takt/contracts';
import type { Command } from 'commander';
import { withServer } from '../options/common-options.js';
import { policyOf, withPolicy } from '../options/rollout-flags.js';
import type { PolicyOptions } from '../options/rollout-flags.js';
import { ExitCode } from '../output/report-error.js';
import { oneLine } from '../output/one-line.js';
import { policyPairs, waitingFor } from '../render/rollout-words.js';
import { joinSections } from '../render/sections.js';
import { renderPairs } from '../render/table.js';
import { resolveRollout } from '../session/resolve-rollout.js';
import { connect, show } from '../session/session.js';
import type { Cli, CommonOptions } from '../session/session.js';

const INTENTS = [
  { verb: 'pause', route: 'pauseRollout', description: 'pause: nodes that are being moved end, no other begins' },
  { verb: 'resume', route: 'resumeRollout', description: 'go on after a pause, or measure again after a hold' },
  { verb: 'approve', route: 'approveRollout', description: 'approve the next wave, or let a held gate pass' },
  { verb: 'abort', route: 'abortRollout', description: 'end it; nodes stay as they are' },
  { verb: 'rollback', route: 'rollbackRollout', description: 'take every moved node back to the release before' },
] as const;

interface IntentOptions extends CommonOptions {
  readonly reason?: string;
}

export function registerRolloutIntents(rollout: Command, cli: Cli): void {
  for (const { verb, route, description } of INTENTS) {
    withServer(rollout.command(`${verb} <rollout>`))
      .description(description)
      .option('--reason <text>', 'why; kept as an event with your name')
      .action(async (given: string, options: IntentOptions) => {
        const client = await connect(cli, options);
        const ref = await resolveRollout(client, given);
        const body = { reason: options.reason ?? null };
        const detail = await client.call(route, { params: { ref }, body }, { signal: cli.signal });
        show(cli, options, detail, standing);
      });
  }
  registerPolicy(rollout, cli);
}

function registerPolicy(rollout: Command, cli: Cli): void {
  const change = withPolicy(withServer(rollout.command('policy <rollout>')))
    .description('change the policy; holds for what is moved and measured from now on')
    .requiredOption('--reason <text>', 'why; kept as an event with your name');
  change.action(async (given: string, options: CommonOptions & PolicyOptions & { readonly reason: string }) => {
    const policy = policyOf(options, change);
    if (Object.keys(policy).length === 0) change.error('error: say what to change, e.g. --soak 20m', { exitCode: ExitCode.usage });
    const client = await connect(cli, options);
    const ref = await resolveRollout(client, given);
    const body = { policy, reason: options.reason };
    const detail = await client.call('changeRolloutPolicy', { params: { ref }, body }, { signal: cli.signal });
    show(cli, options, detail, (value) => joinSections(standing(value), renderPairs(policyPairs(value.policy), cli.output.style)));
  });
}

const standing = (detail: RolloutDetail): string => {
  const waiting = waitingFor(detail);
  return oneLine(`Rollout ${detail.name} is ${detail.phase}${waiting === '' ? '' : `: ${waiting}`}.`);
};
