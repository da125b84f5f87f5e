import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '@takt/api-client';
import type { DeploymentDetail } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DeploymentId } from '@takt/kernel';
import { DeploymentState, isTerminal } from '@takt/rollout';

/** Asks until `ready` answers something, or the deadline passes. */
export async function until<T>(what: string, deadlineMs: number, ask: () => Promise<T | undefined>, signal: AbortSignal): Promise<T> {
  const startedMs = performance.now();
  let last: unknown;
  while (performance.now() - startedMs < deadlineMs) {
    signal.throwIfAborted();
    try {
      const value = await ask();
      if (value !== undefined) return value;
    } catch (thrown) {
      if (!(thrown instanceof TaktError) || !thrown.retryable) throw thrown;
      last = thrown;
    }
    await sleep(250, undefined, { signal });
  }
  throw new TaktError({
    code: 'DeadlinePassed',
    message: `${what} did not happen within ${String(Math.round(deadlineMs / 1000))} s`,
    action: 'read the log files named above',
    cause: last,
  });
}

/** One line of what a deployment does now. */
export function describeProgress(deployment: DeploymentDetail): string {
  const job = deployment.state === 'building' ? deployment.build : deployment.state === 'calibrating' ? deployment.calibration : null;
  const work = job === null ? '' : ` ${job.phase} ${String(Math.round(job.progress * 100))} %`;
  return `${deployment.node.name}: ${deployment.state}${work}`;
}

const following = (
  what: string,
  isDone: (deployment: DeploymentDetail) => boolean,
): ((
  api: ApiClient,
  ids: readonly DeploymentId[],
  deadlineMs: number,
  progress: (note: string) => void,
  signal: AbortSignal,
) => Promise<DeploymentDetail[]>) => {
  return (api, ids, deadlineMs, progress, signal) =>
    until(
      `${what} of ${ids.length === 1 ? 'the deployment' : `${String(ids.length)} deployments`}`,
      deadlineMs,
      async () => {
        const details = await Promise.all(ids.map((id) => api.call('getDeployment', { params: { id } })));
        const open = details.filter((deployment) => !isDone(deployment));
        progress(open.map(describeProgress).join(' · '));
        return open.length === 0 ? details : undefined;
      },
      signal,
    );
};

/** Follows deployments until each has ended. */
export const untilEnded = following('the end', ({ state }) => isTerminal(state));

/** Follows deployments until each has built its engine, or has ended. */
export const untilBuilt = following(
  'the build',
  ({ state }) => isTerminal(state) || state === DeploymentState.activating || state === DeploymentState.checking,
);
