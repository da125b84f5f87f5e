import { availableParallelism } from 'node:os';
import type { DeploymentDetail } from '@takt/contracts';
import { cameraRate, requiredFps } from './camera-rate.js';
import type { Story } from './story-context.js';

/** Sets the cameras from the capacity that the first baseline build measured alone on this machine, which all three share. */
export async function setCameraRates({ api, output, nodes }: Story, measured: DeploymentDetail | undefined): Promise<void> {
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
