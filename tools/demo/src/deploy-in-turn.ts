import type { DeploymentDetail } from '@takt/contracts';
import type { DeploymentId } from '@takt/kernel';
import type { Story } from './story-context.js';
import { untilBuilt, untilEnded } from './watch.js';

/** Longest that one deployment may take on a slow host. */
const DEADLINE_MS = 240_000;

/**
 * Deploys a release to one line after the other, the next one when the one before has built its engine. Lines of real
 * factories would go at once; here all three share one machine, and a build that chooses between close candidates measures
 * best when no other build runs. A health check does not mind: both engines of it meet the same load.
 */
export async function deployInTurn(story: Story, release: string): Promise<DeploymentDetail[]> {
  const { api, output, nodes, signal } = story;
  const ids: DeploymentId[] = [];
  for (const { node, line } of nodes) {
    await output.step(`${release} → ${node.name} (${line}): engine built`, async (progress) => {
      const { items } = await api.call('createDeployments', { body: { release, line } });
      const made = items.map((deployment) => deployment.id);
      ids.push(...made);
      await untilBuilt(api, made, DEADLINE_MS, progress, signal);
    });
  }
  return output.step(`${release}: all health checks ended`, (progress) => untilEnded(api, ids, DEADLINE_MS, progress, signal));
}
