import type { HostClient } from '../host/host-client.js';
import type { JobContext } from '../job-context.js';
import { ascending, percentile, rotations } from './statistics.js';

export interface Latency {
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Inferences measured. */
  readonly count: number;
}

/** Inferences thrown away at the start of each turn: the last turn was another model's, caches and threads are cold. */
const WARM_PER_TURN = 2;

/**
 * Inference alone, each host in turn, `rounds` times, in rotating order, so that drifting load meets all of them alike.
 * Hosts must have their model loaded.
 */
export async function measureLatency(
  hosts: readonly HostClient[],
  rounds: number,
  iterations: number,
  context: Pick<JobContext, 'progress'>,
): Promise<Latency[]> {
  const times = new Map<HostClient, number[]>(hosts.map((host) => [host, []]));
  let turns = 0;
  for (const order of rotations(hosts, rounds)) {
    for (const host of order) {
      const { inferenceMs } = await host.ask({ kind: 'infer', warm: WARM_PER_TURN, iterations });
      times.get(host)?.push(...inferenceMs);
      turns += 1;
      context.progress({
        phase: 'latency',
        done: turns,
        total: rounds * hosts.length,
        message: `${String(turns)} of ${String(rounds * hosts.length)} turns`,
      });
    }
  }
  return hosts.map((host) => {
    const sorted = ascending(times.get(host) ?? []);
    return { medianMs: percentile(sorted, 0.5), p95Ms: percentile(sorted, 0.95), count: sorted.length };
  });
}
