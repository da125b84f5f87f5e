import { availableParallelism } from 'node:os';
import type { ApiClient } from '@takt/api-client';
import type { DeploymentDetail } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import type { DeploymentId } from '@takt/kernel';
import { DeploymentState } from '@takt/rollout';
import { cameraRate, requiredFps } from './camera-rate.js';
import type { StartedNode } from './fleet.js';
import type { Output } from './output.js';
import { createBaseline, createLibraryDefault, createOptimised } from './releases.js';
import { beforeAfterText, candidatesText, hardwareText, rollbackText } from './report.js';
import { untilBuilt, untilEnded } from './watch.js';

/** Longest that one deployment may take on a slow host. */
const DEADLINE_MS = 240_000;

export interface Story {
  readonly api: ApiClient;
  readonly output: Output;
  readonly nodes: readonly StartedNode[];
  readonly signal: AbortSignal;
}

export interface StoryEnd {
  /** Whether every deployment ended as it should: three committed twice over, three rolled back. */
  readonly ok: boolean;
  readonly rolledBack: readonly DeploymentDetail[];
}

/** Deploys a release to some lines at once and waits until each has ended. */
async function deployAtOnce({ api, output, signal }: Story, release: string, nodes: readonly StartedNode[]): Promise<DeploymentDetail[]> {
  return output.step(`${release} → ${nodes.map(({ node, line }) => `${node.name} (${line})`).join(', ')}`, async (progress) => {
    const ids: DeploymentId[] = [];
    for (const { line } of nodes) {
      const { items } = await api.call('createDeployments', { body: { release, line } });
      ids.push(...items.map((deployment) => deployment.id));
    }
    return untilEnded(api, ids, DEADLINE_MS, progress, signal);
  });
}

/**
 * Deploys a release to one line after the other, the next one when the one before has built its engine. Lines of real
 * factories would go at once; here all three share one machine, and a build that chooses between close candidates measures
 * best when no other build runs. A health check does not mind: both engines of it meet the same load.
 */
async function deployInTurn(story: Story, release: string): Promise<DeploymentDetail[]> {
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

const expectState = (deployments: readonly DeploymentDetail[], state: DeploymentState): void => {
  for (const deployment of deployments) {
    if (deployment.state === state) continue;
    throw new TaktError({
      code: 'DemoUnexpected',
      message: `${deployment.release.name} on ${deployment.node.name} ended as ${deployment.state}, not ${state}: ${deployment.message}`,
      action: `npx takt explain deployment ${deployment.id}`,
    });
  }
};

/** Sets the cameras from the capacity that the first baseline build measured alone on this machine, which all three share. */
async function setCameraRates({ api, output, nodes }: Story, measured: DeploymentDetail | undefined): Promise<void> {
  const result = measured?.build?.result;
  const chosen = result?.kind === 'build' ? result.candidates.find((candidate) => candidate.verdict === 'chosen') : undefined;
  if (chosen === undefined) return;
  const cores = availableParallelism();
  const threads = chosen.threads.intraOp === 0 ? cores : Math.min(chosen.threads.intraOp, cores);
  const fps = cameraRate(chosen.speed.p50Ms * threads, cores, nodes.length);
  for (const { line } of nodes) {
    await api.call('updateLine', {
      params: { ref: line },
      body: { requiredFps: requiredFps(fps), source: { kind: 'image-directory', dataset: 'steel-frames', fps } },
    });
  }
  output.line(
    `  capacity ${chosen.speed.capacityFps.toFixed(1)} FPS → each camera at ${String(fps)} FPS, ${String(requiredFps(fps))} required: ` +
      `three lines take less than half of ${String(cores)} cores`,
  );
}

export async function tellStory(story: Story): Promise<StoryEnd> {
  const { api, output, nodes } = story;
  output.heading('The fleet');
  for (const { node } of nodes) output.line(`  ${hardwareText(node)}`);

  output.heading('Release "baseline": the uploaded FP32 model with library defaults');
  await createBaseline(api);
  const before = await deployInTurn(story, 'baseline');
  expectState(before, DeploymentState.committed);
  await setCameraRates(story, before[0]);

  output.heading('Release "optimised": each node builds and measures its own engine');
  await createOptimised(api);
  const after = await deployInTurn(story, 'optimised');
  expectState(after, DeploymentState.committed);
  for (const [index, { node, line }] of nodes.entries()) {
    const [was, is] = [before[index], after[index]];
    if (was === undefined || is === undefined) continue;
    output.line(`\n${node.name} · ${line} · candidates`);
    output.line(candidatesText(is));
    output.line(beforeAfterText(was, is));
  }

  output.heading('Release "library-default-int8": forced past the build check, and worse');
  await createLibraryDefault(api);
  const rolledBack = await deployAtOnce(story, 'library-default-int8', nodes);
  for (const deployment of rolledBack) output.line(rollbackText(deployment));
  expectState(rolledBack, DeploymentState.rolledBack);
  return { ok: true, rolledBack };
}
