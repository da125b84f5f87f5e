import { asId } from '@takt/kernel';
import type { DeploymentId, Digest, JobId, Sha256, SlotId } from '@takt/kernel';
import type {
  DeploymentStage,
  FailedContent,
  JobStage,
  LocalState,
  OutcomeView,
  RuntimeView,
  Step,
  StepFailure,
  Wanted,
  WantedSlot,
} from '../src/index.js';

/** Keeps different inputs apart; the planner needs no more of a hash. */
export const hash: Sha256 = (content) => {
  const text = String(content);
  const known = hashes.get(text) ?? hashes.size + 1;
  hashes.set(text, known);
  return known.toString(16).padStart(64, '0');
};
const hashes = new Map<string, number>();

export const ref = (name: string): { digest: Digest; sizeBytes: number; fileName: string } => ({
  digest: asId<Digest>(`sha256:${hash(name)}`),
  sizeBytes: 1,
  fileName: name,
});

export const slotWanted = (
  deployment: string | null,
  change: Partial<NonNullable<WantedSlot['deployment']>['release']> = {},
): WantedSlot => ({
  slotId: asId<SlotId>('slot'),
  line: { slug: 'line-1', requiredFps: 10, source: { kind: 'image-directory', dataset: ref('frames'), fps: 10 } },
  deployment:
    deployment === null
      ? null
      : {
          deploymentId: asId<DeploymentId>(deployment),
          buildJobId: asId<JobId>(`job-${deployment}`),
          release: {
            model: { name: 'strip', version: '1', artifact: ref('model') },
            golden: ref('golden'),
            calibration: ref('calibration'),
            statistics: null,
            needsStatistics: false,
            recipes: ['fp32'],
            threads: 'library-default',
            accuracyBudgetPoints: 0.4,
            buildCheck: { waived: false },
            health: {},
            ...change,
          },
        },
});

export const wanting = (...slots: WantedSlot[]): Wanted => ({ generation: 1, slots, jobs: [] });

/** What survives a kill, what does not, and what the runtime does meanwhile. */
export class SimulatedNode {
  readonly artifacts = new Set<Digest>();
  readonly datasets = new Set<Digest>();
  readonly builds = new Set<string>();
  readonly calibrations = new Set<string>();
  readonly deployments = new Map<DeploymentId, { slotId: SlotId; state: DeploymentStage }>();
  readonly jobs = new Map<JobId, JobStage>();
  readonly failedContent = new Map<string, FailedContent>();
  readonly failures = new Map<string, StepFailure>();
  fingerprint: string | null = 'fp1';
  runtime: RuntimeView | null = { servingDeploymentId: null, candidate: null, outcomes: [], lineAssigned: false };
  /** Every reported state, in order. */
  readonly reported: [DeploymentId, DeploymentStage, string | null][] = [];
  readonly reportedJobs: [JobId, JobStage][] = [];
  finishedBuilds = 0;
  activations = 0;
  outcome: OutcomeView['outcome'] = 'committed';

  state(): LocalState {
    return { ...this, runtimes: new Map(this.runtime === null ? [] : [['line-1', this.runtime]]) };
  }

  /** Carries out one step as an executor would. */
  do(step: Step): void {
    switch (step.kind) {
      case 'fetch-artifact':
        this.artifacts.add(step.ref.digest);
        return;
      case 'unpack-dataset':
        this.datasets.add(step.digest);
        return;
      case 'build':
        this.builds.add(step.buildKey);
        this.finishedBuilds += 1;
        return;
      case 'calibrate':
        this.calibrations.add(step.calibrationKey);
        return;
      case 'finish-calibration':
        this.jobs.set(step.jobId, 'succeeded');
        this.reportedJobs.push([step.jobId, 'succeeded']);
        return;
      case 'assign-line':
        if (this.runtime !== null) this.runtime = { ...this.runtime, lineAssigned: true };
        return;
      case 'activate':
        if (this.runtime === null) return;
        this.activations += 1;
        this.runtime = { ...this.runtime, candidate: { deploymentId: step.deploymentId, phase: 'warming' } };
        return;
      case 'remember-failure':
        this.failedContent.set(step.contentKey, { deploymentId: step.deploymentId, reason: step.reason, message: step.message });
        return;
      case 'report-deployment':
        this.deployments.set(step.deploymentId, { slotId: step.slotId, state: step.state });
        this.reported.push([step.deploymentId, step.state, step.reason]);
        return;
      case 'report-job':
        this.jobs.set(step.jobId, step.state);
        this.reportedJobs.push([step.jobId, step.state]);
        return;
      case 'observe':
      case 'wait':
        return;
    }
  }

  /** Lets the runtime move its check on by one phase. */
  runtimeMoves(): void {
    const { runtime } = this;
    if (runtime === null || runtime.candidate === null) return;
    const { deploymentId, phase } = runtime.candidate;
    if (phase !== 'solo') {
      this.runtime = { ...runtime, candidate: { deploymentId, phase: phase === 'warming' ? 'comparing' : 'solo' } };
      return;
    }
    const ended: OutcomeView = {
      deploymentId,
      outcome: this.outcome,
      reason: this.outcome === 'committed' ? null : 'ServiceTimeP50',
      message: 'ended',
      health: {},
      error: null,
    };
    const servingDeploymentId = this.outcome === 'committed' ? deploymentId : runtime.servingDeploymentId;
    this.runtime = { ...runtime, candidate: null, servingDeploymentId, outcomes: [...runtime.outcomes, ended] };
  }

  /** A kill: failures are in memory only. */
  killed(): void {
    this.failures.clear();
  }
}
