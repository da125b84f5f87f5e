import type { WorkerJob, WorkerResult } from '@takt/contracts';
import { probeHardware } from '@takt/hardware-probe';
import type { JobContext } from '../job-context.js';

type ProbeJob = Extract<WorkerJob, { kind: 'probe' }>;
type ProbeResult = Extract<WorkerResult, { kind: 'probe' }>;

/** What this box is. */
export async function probeJob(job: ProbeJob, { signal }: JobContext): Promise<ProbeResult> {
  const { facts, profile, fingerprint } = await probeHardware({ dataDir: job.dataDir, signal });
  const { accelerators, cpu } = facts;
  return { kind: 'probe', facts: { ...facts, accelerators: [...accelerators], cpu: { ...cpu, isa: [...cpu.isa] } }, profile, fingerprint };
}
