import type { Speed } from '@takt/engines';
import { ascending, percentile, rotations } from '../benchmark/statistics.js';
import type { HostClient } from '../host/host-client.js';
import type { JobContext } from '../job-context.js';

/** Frames one candidate gets before the next one's turn. Few, so that load that comes and goes within seconds meets all about equally. */
const FRAMES_PER_TURN = 10;

/** Frames thrown away at the start of each turn: the last turn was another candidate's, caches and threads are cold. */
const WARM_PER_TURN = 2;

interface Collected {
  readonly serviceMs: number[];
  readonly inferenceMs: number[];
  elapsedMs: number;
}

/**
 * Speed of the whole pipeline, frame bytes to boxes, unpaced. Candidates take turns in rotating order over the same
 * frames, so that drifting load meets all of them alike. Hosts must have their artifact loaded.
 */
export async function measurePipelines(
  hosts: readonly HostClient[],
  images: readonly string[],
  frames: number,
  context: Pick<JobContext, 'progress'>,
): Promise<Speed[]> {
  const collected = new Map<HostClient, Collected>(hosts.map((host) => [host, { serviceMs: [], inferenceMs: [], elapsedMs: 0 }]));
  const rounds = Math.ceil(frames / FRAMES_PER_TURN);
  let first = 0;
  let turns = 0;
  for (const order of rotations(hosts, rounds)) {
    const count = Math.min(FRAMES_PER_TURN, frames - first);
    for (const host of order) {
      const answer = await host.ask({ kind: 'pipeline', images, first, warm: WARM_PER_TURN, frames: count });
      const own = collected.get(host) as Collected;
      own.serviceMs.push(...answer.serviceMs);
      own.inferenceMs.push(...answer.inferenceMs);
      own.elapsedMs += answer.elapsedMs;
      turns += 1;
      const total = rounds * hosts.length;
      context.progress({ phase: 'measure', done: turns, total, message: `speed: ${String(turns)} of ${String(total)} turns` });
    }
    first += count;
  }
  return hosts.map((host) => {
    const { serviceMs, inferenceMs, elapsedMs } = collected.get(host) as Collected;
    const sorted = ascending(serviceMs);
    return {
      p50Ms: percentile(sorted, 0.5),
      p95Ms: percentile(sorted, 0.95),
      p99Ms: percentile(sorted, 0.99),
      capacityFps: (1000 * sorted.length) / elapsedMs,
      inferenceMs: percentile(ascending(inferenceMs), 0.5),
      frames: sorted.length,
    };
  });
}
