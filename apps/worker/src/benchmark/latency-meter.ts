import { EngineName } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import { measureLatency } from './measure-latency.js';

/** Short turns: load that comes and goes within seconds meets every artifact about equally. */
const ROUNDS = 10;
const ITERATIONS = 4;

/** Median milliseconds of one inference of artifact files, measured in turns, each in the host that measures its accuracy too. */
export function latencyMeter(
  pool: HostPool,
  threads: ThreadPolicy,
  context: Pick<JobContext, 'progress'>,
  engine: EngineName = EngineName.onnxruntime,
): (paths: readonly string[]) => Promise<readonly number[]> {
  return async (paths) => {
    const hosts = [];
    for (const path of paths) hosts.push((await pool.get(path, threads, 'the artifacts to time', engine)).host);
    const latencies = await measureLatency(hosts, ROUNDS, ITERATIONS, context);
    return latencies.map(({ medianMs }) => medianMs);
  };
}
