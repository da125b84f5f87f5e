import type { Digest } from '@takt/kernel';
import type { Wanted } from './desired.js';

/** Every file a desired state names: what a prune keeps. */
export function referencedDigests(wanted: Pick<Wanted, 'slots' | 'jobs'>): Set<Digest> {
  const digests = new Set<Digest>();
  for (const { line, deployment } of wanted.slots) {
    if (line.source.dataset !== undefined) digests.add(line.source.dataset.digest);
    if (deployment === null) continue;
    const { model, golden, calibration, statistics } = deployment.release;
    for (const ref of [model.artifact, golden, calibration, statistics]) if (ref !== null) digests.add(ref.digest);
  }
  for (const job of wanted.jobs) digests.add(job.model.digest).add(job.calibration.digest);
  return digests;
}
