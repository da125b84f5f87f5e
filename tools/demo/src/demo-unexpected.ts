import type { DeploymentDetail, RolloutDetail } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DeploymentState, RolloutPhase } from '@takt/rollout';

/** Ends the demo where a deployment did not end as the story says. */
export function expectState(deployments: readonly DeploymentDetail[], state: DeploymentState): void {
  for (const deployment of deployments) {
    if (deployment.state === state) continue;
    throw unexpected(
      `${deployment.release.name} on ${deployment.node.name} ended as ${deployment.state}, not ${state}: ${deployment.message}`,
      `npx takt explain deployment ${deployment.id}`,
    );
  }
}

/** Ends the demo where a rollout did not end as the story says. */
export function expectPhase(rollout: RolloutDetail, phase: RolloutPhase): void {
  if (rollout.phase === phase) return;
  const why = rollout.hold?.message ?? rollout.gates.at(-1)?.message ?? 'no gate was measured';
  throw unexpected(`rollout ${rollout.name} is ${rollout.phase}, not ${phase}: ${why}`, `npx takt explain rollout ${rollout.name}`);
}

export const unexpected = (message: string, action: string): TaktError => new TaktError({ code: 'DemoUnexpected', message, action });
