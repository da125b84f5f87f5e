import type { Sha256, TaktErrorData } from '@takt/kernel';
import type { WantedDeployment, WantedSlot } from './desired.js';
import { buildKeyOf, contentKeyOf } from './keys.js';
import type { LocalState, OutcomeView, RuntimeView } from './local-state.js';
import { buildInputsOf, planInputs, waitFor } from './plan-inputs.js';
import { isEnded, isJobEnded, stageRank } from './progress.js';
import type { DeploymentStage, JobStage } from './progress.js';
import type { Step } from './step.js';

/** Times a build may fail for a passing reason (worker killed, deadline) before the deployment fails. */
const BUILD_ATTEMPTS = 3;

/** Ends that say nothing about the content: a person or a newer deployment ended it, or there was nothing to measure it by. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set([
  'Superseded',
  'OperatorRollback',
  'ReturnedToKnownEngine',
  'NotMeasured',
  'BuildDamaged',
  'ArtifactDigestMismatch',
  'ArtifactMissing',
]);

/** Ends because the artifact file on this node was damaged after its build: it is built and offered again. */
const FILE_DAMAGED: ReadonlySet<string> = new Set(['ArtifactDigestMismatch', 'ArtifactMissing']);

/** Times a runtime may find the file of one deployment damaged before the deployment ends by it. */
const DAMAGED_ATTEMPTS = 3;

/** Ends that speak of the content only where it was judged by a frame; before that the box may as well be the reason. */
const NEEDS_A_FRAME: ReadonlySet<string> = new Set(['Deadline', 'Attempts']);

/** Whether an end says that the same content would end like this again. */
const isItsFault = ({ outcome, reason, health, error }: OutcomeView): boolean => {
  if (outcome === 'committed' || error?.retryable === true || NOT_ITS_FAULT.has(reason ?? '')) return false;
  const judged = (health?.candidate?.frames ?? 0) > 0 || typeof health?.deliveredFps === 'number';
  return judged || !NEEDS_A_FRAME.has(reason ?? '');
};

/** Steps that bring one slot's deployment forward. Reports follow the order of stages, each stage at most once. */
export function planDeployment(slot: WantedSlot, deployment: WantedDeployment, local: LocalState, now: number, sha256: Sha256): Step[] {
  return new DeploymentPlan(slot, deployment, local, now, sha256).steps();
}

class DeploymentPlan {
  readonly #slot: WantedSlot;
  readonly #deployment: WantedDeployment;
  readonly #local: LocalState;
  readonly #now: number;
  readonly #sha256: Sha256;
  readonly #steps: Step[] = [];
  /** Last reported stage, moved on by the reports of this plan. */
  #stage: DeploymentStage;

  constructor(slot: WantedSlot, deployment: WantedDeployment, local: LocalState, now: number, sha256: Sha256) {
    this.#slot = slot;
    this.#deployment = deployment;
    this.#local = local;
    this.#now = now;
    this.#sha256 = sha256;
    this.#stage = local.deployments.get(deployment.deploymentId)?.state ?? 'pending';
  }

  steps(): Step[] {
    const { fingerprint } = this.#local;
    if (fingerprint === null) return [this.#wait('HardwareUnknown', 'the box is being probed')];
    const runtime = this.#local.runtimes.get(this.#slot.line.slug);
    const buildKey = buildKeyOf(this.#deployment.release, fingerprint, this.#sha256);
    const contentKey = contentKeyOf(this.#deployment.release, this.#slot.line, fingerprint, this.#sha256);
    if (isEnded(this.#stage)) return this.#repair(runtime, buildKey);
    const outcome = this.#isOfferedAgain(runtime) ? undefined : this.#lastOutcome(runtime);
    if (outcome !== undefined && stageRank(this.#stage) >= stageRank('activating')) return this.#end(outcome, contentKey);
    if (this.#isRefused(contentKey)) return this.#steps;
    if (!this.#prepare(buildKey, contentKey)) return this.#steps;
    this.#advance('activating', `the line's runtime gets the new engine`);
    this.#activate(runtime, buildKey, contentKey);
    return this.#steps;
  }

  #lastOutcome(runtime: RuntimeView | undefined): OutcomeView | undefined {
    return runtime?.outcomes.findLast((ended) => ended.deploymentId === this.#deployment.deploymentId);
  }

  /** Whether the runtime ended it because of a damaged file, and not too often. The file is checked before it is offered. */
  #isOfferedAgain(runtime: RuntimeView | undefined): boolean {
    const damages = this.#damages(runtime);
    return damages > 0 && damages < DAMAGED_ATTEMPTS;
  }

  /** Times the runtime found the file of the deployment damaged; 0 where its last end has another reason. */
  #damages(runtime: RuntimeView | undefined): number {
    const isDamaged = ({ deploymentId, reason }: OutcomeView): boolean =>
      deploymentId === this.#deployment.deploymentId && FILE_DAMAGED.has(reason ?? '');
    const last = this.#lastOutcome(runtime);
    return last === undefined || !isDamaged(last) ? 0 : (runtime?.outcomes.filter(isDamaged).length ?? 0);
  }

  /** A renumbered copy of what failed on this box is not tried again; the way back stays open, whatever failed before. */
  #isRefused(contentKey: string): boolean {
    const failed = this.#local.failedContent.get(contentKey);
    if (failed === undefined || failed.deploymentId === this.#deployment.deploymentId || this.#deployment.revert === true) return false;
    if (stageRank(this.#stage) > stageRank('building')) return false;
    const message = `the same content already failed on this node as deployment ${failed.deploymentId}: ${failed.message}`;
    this.#report('failed', 'FailedContent', message, {
      code: 'FailedContent',
      message,
      action: 'change the release (model, recipes, budget or health bounds), or deploy another one',
      phase: this.#stage,
      component: 'agent',
      retryable: false,
    });
    return true;
  }

  /** Inputs and build; true when the build is on disk and reported. */
  #prepare(buildKey: string, contentKey: string): boolean {
    const { release } = this.#deployment;
    this.#advance('fetching', 'model, golden set and statistics are fetched');
    if (!this.#local.builds.has(buildKey)) {
      const inputs = planInputs(buildInputsOf(this.#deployment), this.#local, this.#now);
      if (inputs.hopeless !== undefined) return this.#fail(inputs.hopeless.error);
      this.#steps.push(...inputs.steps);
      if (release.needsStatistics && release.statistics === null) {
        if (inputs.ready) this.#advance('calibrating', 'waits for the statistics file of this model', 'WaitingForStatistics');
        this.#steps.push(this.#wait('WaitingForStatistics', `statistics of ${release.model.name} ${release.model.version} are being made`));
        return false;
      }
      if (!inputs.ready) return false;
      this.#advance('building', 'candidates are built and measured on this box');
      return this.#build(buildKey, contentKey);
    }
    this.#advance('building', 'a finished build is on this box');
    const job = this.#local.jobs.get(this.#deployment.buildJobId);
    if (job === undefined || !isJobEnded(job)) this.#reportJob('succeeded', buildKey, job !== 'running', null);
    return true;
  }

  #build(buildKey: string, contentKey: string): false {
    const { deploymentId, buildJobId } = this.#deployment;
    const step: Step = { kind: 'build', key: `build:${buildKey}`, buildKey, deploymentId, buildJobId };
    const failure = this.#local.failures.get(step.key);
    if (failure !== undefined && (!failure.error.retryable || failure.count >= BUILD_ATTEMPTS)) {
      this.#reportJob('failed', null, false, failure.error);
      if (!failure.error.retryable && !NOT_ITS_FAULT.has(failure.error.code))
        this.#remember(contentKey, failure.error.code, failure.error.message);
      return this.#fail(failure.error);
    }
    if (failure !== undefined && failure.retryAt > this.#now) this.#steps.push(waitFor(step.key, failure));
    else {
      const job = this.#local.jobs.get(buildJobId) ?? 'queued';
      if (job === 'queued') this.#reportJob('running', null, false, null);
      this.#steps.push(step);
    }
    return false;
  }

  #activate(runtime: RuntimeView | undefined, buildKey: string, contentKey: string): void {
    const { deploymentId } = this.#deployment;
    const { slug } = this.#slot.line;
    if (runtime === undefined) {
      this.#steps.push(this.#wait('RuntimeUnreachable', `the runtime of line ${slug} does not answer`));
      return;
    }
    if (runtime.candidate?.deploymentId === deploymentId) {
      if (runtime.candidate.phase !== 'warming') this.#advance('checking', 'the health check runs');
      this.#steps.push({ kind: 'observe', key: `observe:${slug}`, slug, deploymentId });
      return;
    }
    if (runtime.candidate === null && runtime.servingDeploymentId === deploymentId) {
      // It was kept so long ago that the runtime no longer lists the outcome.
      this.#advance('checking', 'the health check ran');
      this.#report('committed', null, 'the line serves it', null);
      return;
    }
    if (!runtime.lineAssigned) {
      this.#steps.push(this.#wait('LineNotAssigned', `line ${slug} gets its configuration first`));
      return;
    }
    const step: Step = { kind: 'activate', key: `activate:${deploymentId}`, slug, deploymentId, buildKey };
    const failure = this.#local.failures.get(step.key);
    if (failure !== undefined && !failure.error.retryable) {
      if (!NOT_ITS_FAULT.has(failure.error.code)) this.#remember(contentKey, failure.error.code, failure.error.message);
      this.#fail(failure.error);
    } else this.#steps.push(failure !== undefined && failure.retryAt > this.#now ? waitFor(step.key, failure) : step);
  }

  /** The runtime has ended it, perhaps while this agent was away. */
  #end(outcome: OutcomeView, contentKey: string): Step[] {
    if (isItsFault(outcome)) this.#remember(contentKey, outcome.reason ?? outcome.outcome, outcome.message);
    if (outcome.outcome === 'committed' || outcome.health !== null) this.#advance('checking', 'the health check ran');
    // Once the new engine served frames, leaving it is a rollback, whatever made it end.
    const state = outcome.outcome === 'failed' && this.#stage === 'checking' ? 'rolled-back' : outcome.outcome;
    this.#report(state, outcome.reason, outcome.message, outcome.error, this.#slot.line.slug);
    return this.#steps;
  }

  /**
   * Ended deployments are left alone, with two exceptions: the committed engine is given again to a runtime that serves
   * nothing and knows nothing of it (its folder was lost), and to one that could not load its file any more. A build that is
   * gone with the file is made again first; whatever the line serves goes on meanwhile. A file that is damaged again and again
   * speaks of the disk: then the plan waits for a person.
   */
  #repair(runtime: RuntimeView | undefined, buildKey: string): Step[] {
    const { deploymentId, buildJobId } = this.#deployment;
    if (this.#stage !== 'committed' || runtime?.candidate !== null || !runtime.lineAssigned) return [];
    const isLost = runtime.servingDeploymentId === null && runtime.outcomes.length === 0;
    const damages = runtime.servingDeploymentId === deploymentId ? 0 : this.#damages(runtime);
    if (damages >= DAMAGED_ATTEMPTS) {
      const message = `its artifact was damaged ${String(damages)} times on this node; check the disk (dmesg, smartctl -a), then deploy again`;
      return [this.#wait('BuildDamaged', message)];
    }
    if (!isLost && damages === 0) return [];
    const hasBuild = this.#local.builds.has(buildKey);
    if (hasBuild)
      return [this.#retried({ kind: 'activate', key: `activate:${deploymentId}`, slug: this.#slot.line.slug, deploymentId, buildKey })];
    const inputs = planInputs(buildInputsOf(this.#deployment), this.#local, this.#now);
    if (!inputs.ready) return [...inputs.steps];
    const build: Step = { kind: 'build', key: `build:${buildKey}`, buildKey, deploymentId, buildJobId };
    const failure = this.#local.failures.get(build.key);
    const hasEnded = failure !== undefined && (!failure.error.retryable || failure.count >= BUILD_ATTEMPTS);
    // The failure stays known as long as the plan waits for it.
    return [hasEnded ? waitFor(build.key, failure) : this.#retried(build)];
  }

  #retried(step: Step): Step {
    const failure = this.#local.failures.get(step.key);
    return failure !== undefined && failure.retryAt > this.#now ? waitFor(step.key, failure) : step;
  }

  #fail(error: TaktErrorData): false {
    // The table has no way from checking to failed: the old engine was left, so it is a rollback.
    this.#report(this.#stage === 'checking' ? 'rolled-back' : 'failed', error.code, error.message, error);
    return false;
  }

  #advance(state: DeploymentStage, message: string, reason: string | null = null): void {
    if (stageRank(state) > stageRank(this.#stage)) this.#report(state, reason, message, null);
  }

  #report(
    state: DeploymentStage,
    reason: string | null,
    message: string,
    error: TaktErrorData | null,
    outcomeOf: string | null = null,
  ): void {
    const { deploymentId } = this.#deployment;
    this.#stage = state;
    this.#steps.push({
      kind: 'report-deployment',
      key: `report:${deploymentId}:${state}`,
      deploymentId,
      slotId: this.#slot.slotId,
      state,
      reason,
      message,
      outcomeOf,
      error,
    });
  }

  #reportJob(state: JobStage, buildKey: string | null, reused: boolean, error: TaktErrorData | null): void {
    const { buildJobId } = this.#deployment;
    this.#steps.push({
      kind: 'report-job',
      key: `report:${buildJobId}:${state}`,
      jobId: buildJobId,
      jobKind: 'build',
      state,
      buildKey,
      reused,
      error,
    });
  }

  #remember(contentKey: string, reason: string, message: string): void {
    const { deploymentId } = this.#deployment;
    this.#steps.push({ kind: 'remember-failure', key: `remember:${contentKey}`, contentKey, deploymentId, reason, message });
  }

  #wait(reason: string, message: string): Step {
    return { kind: 'wait', key: `wait:${this.#deployment.deploymentId}:${reason}`, reason, message, until: null };
  }
}
