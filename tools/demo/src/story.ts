import type { DeploymentDetail, RolloutDetail } from '@takt/contracts';
import { DeploymentState, RolloutPhase } from '@takt/rollout';
import { expectPhase, expectState, unexpected } from './demo-unexpected.js';
import { deployBaseline } from './deploy-baseline.js';
import { createLibraryDefault, createOptimised } from './releases.js';
import { hardwareText, movedText, rollbackText } from './report.js';
import { GENEROUS_POLICY, LOOP_OFF_POLICY, STRICT_POLICY, policyText } from './rollout-policies.js';
import { eventText, fleetLoopText, localLoopText } from './rollout-report.js';
import { movedNodes, runRollout } from './run-rollout.js';
import type { MemberDeployments } from './run-rollout.js';
import type { Story } from './story-context.js';
import { fleetRow, improvedRow, localRow } from './summary-rows.js';
import type { SummaryRow } from './summary.js';

const BAD = 'library-default-int8';

/** Runs the demo from the beginning, or from where an interrupted run ended. Resolves with the rows of its summary. */
export async function tellStory(story: Story): Promise<SummaryRow[]> {
  const { output, nodes } = story;
  output.heading('The fleet');
  for (const { node } of nodes) output.line(`  ${hardwareText(node)}`);

  output.heading('Release "baseline": the uploaded FP32 model with library defaults');
  const before = await deployBaseline(story);
  const rows = await rollOutOptimised(story, before);
  const local = await rollOutWithLocalLoop(story);
  const fleet = await rollOutWithoutLocalLoop(story, local.move.node.name);
  return [...rows, localRow(local.move), fleetRow(fleet.rollout, fleet.move, fleet.revert)];
}

async function rollOutOptimised(story: Story, before: readonly DeploymentDetail[]): Promise<SummaryRow[]> {
  const { api, output } = story;
  output.heading('Rollout of "optimised" in two waves: each node builds and measures its own engine');
  await createOptimised(api);
  output.line(policyText(GENEROUS_POLICY));
  output.line('  (wider than a factory would have it: three lines, their builds and all services share this one machine)');
  const rollout = await runRollout(story, 'optimised', GENEROUS_POLICY, RolloutPhase.succeeded);
  expectPhase(rollout, RolloutPhase.succeeded);
  const rows: SummaryRow[] = [];
  for (const { move } of await movedNodes(api, rollout)) {
    const was = before.find(({ slotId }) => slotId === move.slotId);
    rows.push(improvedRow(rollout, was, move));
    output.line(`  ${movedText(was, move)}`);
  }
  return rows;
}

async function rollOutWithLocalLoop(story: Story): Promise<{ readonly move: DeploymentDetail }> {
  const { api, output } = story;
  output.heading(`Rollout of "${BAD}", forced past the build check, and worse; the local loop is on`);
  await createLibraryDefault(api);
  output.line(policyText(STRICT_POLICY));
  const rollout = await runRollout(story, BAD, STRICT_POLICY, RolloutPhase.rolledBack);
  const { move } = await theCanary(story, rollout);
  output.line(rollbackText(move));
  expectState([move], DeploymentState.rolledBack);
  expectPhase(rollout, RolloutPhase.rolledBack);
  output.line(localLoopText(move, rollout.endedAt));
  return { move };
}

async function rollOutWithoutLocalLoop(
  story: Story,
  excluded: string,
): Promise<{ rollout: RolloutDetail; move: DeploymentDetail; revert: DeploymentDetail }> {
  const { api, output } = story;
  output.heading(`Rollout of "${BAD}" once more; a policy change switches the local loop off`);
  const rollout = await runRollout(story, BAD, LOOP_OFF_POLICY, RolloutPhase.rolledBack);
  const { move, revert } = await theCanary(story, rollout);
  expectState([move], DeploymentState.committed);
  expectPhase(rollout, RolloutPhase.rolledBack);
  if (move.node.name === excluded || revert === undefined)
    throw unexpected(`rollout ${rollout.name} did not take another canary and bring it back`, `npx takt rollout show ${rollout.name}`);
  expectState([revert], DeploymentState.committed);
  const { items } = await api.call('listEvents', { query: { object: rollout.id, limit: 200 } });
  const switched = items.find(({ code }) => code === 'LocalRollbackSwitchedOff');
  if (switched !== undefined) output.line(eventText(switched));
  output.line(fleetLoopText(rollout, move, revert));
  return { rollout, move, revert };
}

async function theCanary({ api }: Story, rollout: RolloutDetail): Promise<MemberDeployments> {
  const [canary, ...others] = await movedNodes(api, rollout);
  if (canary !== undefined && others.length === 0) return canary;
  throw unexpected(
    `rollout ${rollout.name} moved ${String(others.length + (canary === undefined ? 0 : 1))} nodes, not its canary alone`,
    `npx takt rollout show ${rollout.name}`,
  );
}
