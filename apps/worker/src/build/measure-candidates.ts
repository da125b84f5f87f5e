import { EngineName, describeCandidate } from '@takt/engines';
import type { MeasuredCandidate, SearchPoint } from '@takt/engines';
import type { GoldenSet } from '../golden/golden-set.js';
import type { HostPool, LoadedHost } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import type { AuditedCandidate } from './decide.js';
import { pointsLost } from './fit-budget.js';
import type { BuiltArtifact } from './make-artifacts.js';
import { measurePipelines } from './measure-pipeline.js';

export interface MeasuredCandidates {
  readonly candidates: readonly AuditedCandidate[];
  readonly engineVersion: string;
}

/**
 * Pipeline speed of every artifact at every thread setting. Each combination lives in its own process for the whole time;
 * only one of them works at any moment.
 *
 * @param artifacts FP32 first.
 */
export async function measureCandidates(
  points: readonly SearchPoint[],
  artifacts: readonly BuiltArtifact[],
  golden: GoldenSet,
  frames: number,
  pool: HostPool,
  context: JobContext,
): Promise<MeasuredCandidates> {
  const entries: { readonly point: SearchPoint; readonly artifact: BuiltArtifact; readonly loaded: LoadedHost }[] = [];
  for (const point of points) {
    const artifact = artifacts.find(({ recipe }) => recipe === point.recipe);
    if (artifact === undefined) continue;
    entries.push({ point, artifact, loaded: await pool.get(artifact.path, point.threads, describeCandidate(point)) });
  }
  const images = golden.images.map(({ path }) => path);
  const hosts = entries.map(({ loaded }) => loaded.host);
  const speeds = await measurePipelines(hosts, images, frames, context);
  const [fp32] = artifacts as readonly [BuiltArtifact];
  const candidates = entries.map(({ point, artifact }, index): AuditedCandidate => {
    const { map50, map50_95, images: evaluated } = artifact.accuracy;
    const measured: MeasuredCandidate = {
      recipe: artifact.recipe,
      precision: artifact.precision,
      engine: EngineName.onnxruntime,
      threads: point.threads,
      artifact: artifact.digest,
      artifactBytes: artifact.bytes.length,
      speed: speeds[index] as (typeof speeds)[number],
      accuracy: { map50, map50_95, images: evaluated },
      dropPoints: pointsLost(fp32.accuracy, artifact.accuracy),
    };
    return { measured, auditFailure: artifact.auditFailure };
  });
  return { candidates, engineVersion: entries[0]?.loaded.engineVersion ?? '' };
}
