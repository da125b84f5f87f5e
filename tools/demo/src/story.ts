import { availableParallelism } from 'node:os';
import type { ApiClient } from '@takt/api-client';
import type { DeploymentDetail } from '@takt/contracts';
import { TaktError } from '@takt/kernel';
import { DeploymentState } from '@takt/rollout';
import { cameraRate, requiredFps } from './camera-rate.js';
import type { StartedNode } from './fleet.js';
import type { Output } from './output.js';
import { createBaseline, createLibraryDefault, createOptimised } from './releases.js';
import { beforeAfterText, candidatesText, hardwareText, rollbackText } from './report.js';
import { untilEnded } from './watch.js';

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

/**
 * Deploys a release to one line after the other. Lines of one factory would go at once; here all three share the cores of
 * one machine, and a build measures best on a quiet one.
 */
async function deployToEach({ api, output, nodes, signal }: Story, release: string): Promise<DeploymentDetail[]> {
  const ended: DeploymentDetail[] = [];
  for (const { line, node } of nodes) {
    await output.step(`${release} → ${node.name}, ${line}`, async (progress) => {
      const { items } = await api.call('createDeployments', { body: { release, line } });
      ended.push(
        ...(await untilEnded(
          api,
          items.map((deployment) => deployment.id),
          DEADLINE_MS,
          progress,
          signal,
        )),
      );
    });
  }
  return ended;
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

/** Sets each line's camera from the capacity that the baseline build measured on its node. */
async function setCameraRates({ api, output, nodes }: Story, baselines: readonly DeploymentDetail[]): Promise<void> {
  const cores = availableParallelism();
  for (const [index, { line }] of nodes.entries()) {
    const result = baselines[index]?.build?.result;
    const chosen = result?.kind === 'build' ? result.candidates.find((candidate) => candidate.verdict === 'chosen') : undefined;
    if (chosen === undefined) continue;
    const threads = chosen.threads.intraOp === 0 ? cores : chosen.threads.intraOp;
    const fps = cameraRate(chosen.speed.p50Ms * Math.min(threads, cores), cores, nodes.length);
    await api.call('updateLine', {
      params: { ref: line },
      body: { requiredFps: requiredFps(fps), source: { kind: 'image-directory', dataset: 'steel-frames', fps } },
    });
    output.line(
      `  ${line}: ${chosen.speed.capacityFps.toFixed(1)} FPS capacity → camera at ${String(fps)} FPS, ${String(requiredFps(fps))} required`,
    );
  }
}

export async function tellStory(story: Story): Promise<StoryEnd> {
  const { api, output, nodes } = story;
  output.heading('The fleet');
  for (const { node } of nodes) output.line(`  ${hardwareText(node)}`);

  output.heading('Release "baseline": the uploaded FP32 model with library defaults');
  await createBaseline(api);
  const before = await deployToEach(story, 'baseline');
  expectState(before, DeploymentState.committed);
  await setCameraRates(story, before);

  output.heading('Release "optimised": each node builds and measures its own engine');
  await createOptimised(api);
  const after = await deployToEach(story, 'optimised');
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
  const rolledBack = await deployToEach(story, 'library-default-int8');
  for (const deployment of rolledBack) output.line(rollbackText(deployment));
  expectState(rolledBack, DeploymentState.rolledBack);
  return { ok: true, rolledBack };
}
