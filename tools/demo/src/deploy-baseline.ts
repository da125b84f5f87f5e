import type { ApiClient } from '@takt/api-client';
import type { DeploymentDetail, DeploymentView } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import { DeploymentState } from '@takt/rollout';
import { setCameraRates } from './cameras.js';
import { expectState } from './demo-unexpected.js';
import type { StartedNode } from './fleet.js';
import { createBaseline } from './releases.js';
import type { Story } from './story-context.js';
import { untilBuilt, untilEnded } from './watch.js';

/** Longest that one deployment may take on a slow host. */
const DEADLINE_MS = 240_000;

/**
 * Deploys the baseline to every line, without a rollout: it is what the fleet runs when the story begins. The first box builds
 * alone, so that one measures the machine with no other build beside it; the others together, because a single candidate leaves nothing to choose.
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
  const rolledOut = (await api.call('listRollouts', { query: {} })).items.length > 0;
  // An interrupted run got further: its cameras stay as they are, since what is compared was measured on them.
  if (!rolledOut) await setCameraRates(story, deployments);
  return deployments;
}

const NOT_KEPT = new Set<DeploymentState>([DeploymentState.failed, DeploymentState.cancelled, DeploymentState.rolledBack]);

/** The line's deployment of the baseline that an earlier, interrupted run began or ended well. */
async function deployed(api: ApiClient, line: string): Promise<DeploymentView | undefined> {
  const { items } = await api.call('listDeployments', { query: { line, limit: 200 } });
  return items.find(({ release, revertOf, state }) => release.name === 'baseline' && revertOf === null && !NOT_KEPT.has(state));
}

function build({ api, output, signal }: Story, nodes: readonly StartedNode[]): Promise<DeploymentId[]> {
  const places = nodes.map(({ node, line }) => `${node.name} (${line})`).join(', ');
  return output.step(`baseline → ${places}: engine built`, async (progress) => {
    const ids: DeploymentId[] = [];
    for (const { line } of nodes) {
      const present = await deployed(api, line);
      if (present !== undefined) {
        ids.push(present.id);
        continue;
      }
      const { items } = await api.call('createDeployments', { body: { release: 'baseline', line } });
      ids.push(...items.map((deployment) => deployment.id));
    }
    await untilBuilt(api, ids, DEADLINE_MS, progress, signal);
    return ids;
  });
}
