import { availableParallelism } from 'node:os';
import type { DeploymentDetail } from '@takt/contracts';
import { cameraRate, requiredFps } from './camera-rate.js';
import { chosenCandidate } from './report.js';
import type { Story } from './story-context.js';

interface Measured {
  readonly cpuMs: number;
  readonly capacityFps: number;
}

/** What one frame of a deployment's chosen engine cost in its build, CPU-milliseconds at most `cores` threads. */
function measuredBy(deployment: DeploymentDetail, cores: number): Measured[] {
  const chosen = chosenCandidate(deployment);
  if (chosen === undefined) return [];
  const threads = chosen.threads.intraOp === 0 ? cores : Math.min(chosen.threads.intraOp, cores);
  return [{ cpuMs: chosen.speed.p50Ms * threads, capacityFps: chosen.speed.capacityFps }];
}

/**
 * Sets the cameras by the cheapest of the baseline builds: all boxes of the demo are this one machine, and what the others measured
 * beyond it was other work beside them.
 */
export async function setCameraRates({ api, output, nodes }: Story, baselines: readonly DeploymentDetail[]): Promise<void> {
  const cores = availableParallelism();
  const [cheapest] = baselines.flatMap((deployment) => measuredBy(deployment, cores)).sort((a, b) => a.cpuMs - b.cpuMs);
  if (cheapest === undefined) return;
  const fps = cameraRate(cheapest.cpuMs, cores, nodes.length);
  for (const { line } of nodes) {
    await api.call('updateLine', {
      params: { ref: line },
      body: { requiredFps: requiredFps(fps), source: { kind: 'image-directory', dataset: 'steel-frames', fps } },
    });
  }
  output.line(
    `  capacity ${cheapest.capacityFps.toFixed(1)} FPS → each camera at ${String(fps)} FPS, ${String(requiredFps(fps))} required: ` +
      `three lines take less than half of ${String(cores)} cores`,
  );
}
