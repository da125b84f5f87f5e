import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { readTimedModel } from '../golden/input-model.js';
import { withHosts } from '../host/with-hosts.js';
import type { JobContext } from '../job-context.js';
import { measureLatency } from './measure-latency.js';

type BenchmarkJob = Extract<WorkerJob, { kind: 'benchmark' }>;
type BenchmarkResult = Extract<WorkerResult, { kind: 'benchmark' }>;

/** Median and p95 latency of models × engines × thread counts; `ratioToFirst` is the first row's median at the same threads over this one's. */
export async function benchmarkJob(job: BenchmarkJob, context: JobContext): Promise<BenchmarkResult> {
  const models: Awaited<ReturnType<typeof readTimedModel>>[] = [];
  for (const path of job.models) models.push(await readTimedModel(path));
  const specs = job.threads.flatMap((threads) =>
    job.engines.flatMap((engine) =>
      models.map(({ path, name }) => ({ path, engine, label: name, threads: { intraOp: threads, spin: threads === 0 } })),
    ),
  );
  return withHosts(specs, context, async (hosts) => {
    const latencies = await measureLatency(
      hosts.map(({ host }) => host),
      job.rounds,
      job.iterations,
      context,
    );
    const rows = hosts.map(({ spec, engine }, index) => {
      const { medianMs, p95Ms } = latencies[index] as (typeof latencies)[number];
      const first = latencies[index - (index % (models.length * job.engines.length))] as (typeof latencies)[number];
      return { model: spec.path, engine, threads: spec.threads.intraOp, medianMs, p95Ms, ratioToFirst: first.medianMs / medianMs };
    });
    return { kind: 'benchmark', rows };
  });
}
