import { setTimeout as sleep } from 'node:timers/promises';
import type { DeploymentDetail } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import { DeploymentState } from '@takt/rollout';
import { setCameraRates } from './cameras.js';
import { expectState } from './demo-unexpected.js';
import type { StartedNode } from './fleet.js';
import { createBaseline } from './releases.js';
import { DEMO_POLICY } from './rollout-policies.js';
import type { Story } from './story-context.js';
import { untilBuilt, untilEnded } from './watch.js';

/** Longest that one deployment may take on a slow host. */
const DEADLINE_MS = 240_000;
/** How long the lines run on the baseline at their own rates, twice the soak: the past that the first gate compares with. */
const PAST_MS = 2 * DEMO_POLICY.soakSeconds * 1000;

/**
 * Deploys the baseline to every line, without a rollout: it is what the fleet runs when the story begins. The first box builds
 * alone, because its capacity sets the cameras; the others together, because a single candidate leaves nothing to choose.
 */
export async function deployBaseline(story: Story): Promise<DeploymentDetail[]> {
  const { api, output, nodes, signal } = story;
  await createBaseline(api);
  const [first, ...others] = nodes;
  const ids = first === undefined ? [] : await build(story, [first]);
  ids.push(...(await build(story, others)));
  const deployments = await output.step('baseline: all health checks ended', (progress) =>
    untilEnded(api, ids, DEADLINE_MS, progress, signal),
  );
  expectState(deployments, DeploymentState.committed);
  await setCameraRates(story, deployments[0]);
  await output.step('the lines run on it: the past that gates compare with', () => sleep(PAST_MS, undefined, { signal }));
  return deployments;
}

function build({ api, output, signal }: Story, nodes: readonly StartedNode[]): Promise<DeploymentId[]> {
  const places = nodes.map(({ node, line }) => `${node.name} (${line})`).join(', ');
  return output.step(`baseline → ${places}: engine built`, async (progress) => {
    const ids: DeploymentId[] = [];
    for (const { line } of nodes) {
      const { items } = await api.call('createDeployments', { body: { release: 'baseline', line } });
      ids.push(...items.map((deployment) => deployment.id));
    }
    await untilBuilt(api, ids, DEADLINE_MS, progress, signal);
    return ids;
  });
}
