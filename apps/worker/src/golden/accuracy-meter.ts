import type { ThreadPolicy } from '@takt/engines';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import type { GoldenSet } from './golden-set.js';
import { measureAccuracy } from './measure-accuracy.js';
import type { GoldenAccuracy } from './measure-accuracy.js';

/** What is found does not depend on the thread count, so accuracy is measured once per artifact, with the most threads. */
export const widest = (policies: readonly ThreadPolicy[]): ThreadPolicy => {
  const rank = ({ intraOp }: ThreadPolicy): number => (intraOp === 0 ? Infinity : intraOp);
  return policies.toSorted((a, b) => rank(b) - rank(a))[0] ?? { intraOp: 1, spin: false };
};

/** Measures artifact files on the golden set, each in the host that may measure its speed later. */
export function accuracyMeter(
  pool: HostPool,
  threads: ThreadPolicy,
  golden: GoldenSet,
  context: Pick<JobContext, 'progress'>,
): (path: string, label: string) => Promise<GoldenAccuracy> {
  let artifacts = 0;
  return async (path, label) => {
    const { host } = await pool.get(path, threads, label);
    artifacts += 1;
    const before = (artifacts - 1) * golden.images.length;
    return measureAccuracy(host, golden, (done, total) => {
      context.progress({
        phase: 'evaluate',
        done: before + done,
        total: artifacts * golden.images.length,
        message: `accuracy of ${label}: ${String(done)} of ${String(total)} images`,
      });
    });
  };
}
