import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNodeStore } from '@takt/artifact-store';
import type { NodeStore } from '@takt/artifact-store';
import type { DesiredSlot, DesiredState } from '@takt/contracts';
import { LogField } from '@takt/kernel';
import type { Clock, DeploymentId, DurableFs, JobId, Logger } from '@takt/kernel';
import { buildKeyOf, calibrationKeyOf, keysOf, laterOf, planSteps, referencedDigests } from '@takt/reconcile';
import type { DeploymentRecord, JobStage, LocalState, Step, StepExecutors, StepKind } from '@takt/reconcile';
import type { AgentConfig } from '../config.js';
import type { DataFolder } from '../data-folder.js';
import type { StoredIdentity } from '../identity/identity-store.js';
import { Delivery } from '../link/delivery.js';
import { Link } from '../link/link.js';
import { Runtimes } from '../runtime/runtimes.js';
import { DesiredStore } from '../state/desired-store.js';
import { REPORTS_COMPLETE } from '../state/lost-report.js';
import { NodeMemory } from '../state/memory.js';
import { rebuiltLedger } from '../state/rebuild-ledger.js';
import { Reporter } from '../state/reporter.js';
import type { StateFiles } from '../state/state-files.js';
import { committedByRecords, enginesInUse } from '../work/activation-records.js';
import { JobsOnDisk } from '../work/jobs-on-disk.js';
import { WorkManager } from '../work/work-manager.js';
import { CONDITION_TYPES, diskCondition, NOTHING_WAITS, reportCondition } from './conditions.js';
import { createExecutors } from './executors.js';
import { watchFacts } from './facts-watch.js';
import { JobProgress } from './job-progress.js';
import { StateReport } from './state-report.js';
import { Wakeup } from './wakeup.js';
import { WorkerLauncher } from './worker-launcher.js';

export interface DaemonDeps {
  readonly config: AgentConfig;
  readonly folder: DataFolder;
  readonly fs: DurableFs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly files: StateFiles;
  readonly stored: StoredIdentity;
  readonly agentVersion: string;
}

/** Longest pause between two plans, ms: with nothing to do (no longer than between heartbeats, which tell what a plan has read), and while something moves. */
const IDLE_MS = 2_000;
const ACTIVE_MS = 300;
/** Time between two rounds of delivering reports while some are pending, ms. */
const DELIVER_MS = 1_000;

/** Records have plain string keys; the schema has checked what they are. */
const mapOf = <K extends string, V>(record: Readonly<Record<K, V>>): Map<K, V> => new Map(Object.entries(record) as [K, V][]);

/** Deployments and jobs that a desired state names. */
const namesIn = (desired: DesiredState | undefined): Set<string> =>
  new Set([
    ...(desired?.body.slots.flatMap(({ deployment }) => (deployment === null ? [] : [deployment.deploymentId, deployment.buildJobId])) ??
      []),
    ...(desired?.body.jobs.map(({ jobId }) => jobId) ?? []),
  ]);

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');

/** The agent: reads disk and runtimes, plans, carries out, reports; again and again until it is told to stop. */
export class Daemon {
  readonly #deps: DaemonDeps;
  readonly #desired: DesiredStore;
  readonly #reporter: Reporter;
  readonly #memory: NodeMemory;
  readonly #store: NodeStore;
  readonly #jobs: JobsOnDisk;
  readonly #runtimes: Runtimes;
  readonly #wakeup = new Wakeup();
  readonly #stop = new AbortController();
  readonly #work: WorkManager;
  readonly #link: Link;
  readonly #delivery: Delivery;
  readonly #worker: WorkerLauncher;
  readonly #executors: StepExecutors<Promise<void>>;
  readonly #stateReport: StateReport;
  #arrived: DesiredState | undefined;
  #fingerprint: string | null = null;
  #lastPlan = '';
  /** What ended the last round, without names of temporary files; empty where nothing did. */
  #lastFailure = '';
  #prunedGeneration = -1;

  private constructor(deps: DaemonDeps, desired: DesiredStore, reporter: Reporter, memory: NodeMemory) {
    const { config, folder, fs, clock, logger, stored } = deps;
    this.#deps = deps;
    this.#desired = desired;
    this.#reporter = reporter;
    this.#memory = memory;
    this.#stateReport = new StateReport(deps.files, folder, reporter, clock);
    this.#store = createNodeStore(folder.root, fs);
    this.#jobs = new JobsOnDisk(deps.files, folder);
    this.#runtimes = new Runtimes(folder.lines, (digest) => this.#store.datasetPath(digest));
    this.#work = new WorkManager(clock, logger, () => {
      this.#wakeup.wake();
    });
    this.#link = new Link({
      stored,
      fs,
      folder,
      clock,
      logger,
      hostname: hostname(),
      signal: this.#stop.signal,
      onDesired: (state) => {
        this.#arrived = laterOf(this.#arrived, state);
        this.#wakeup.wake();
      },
      onConnected: () => {
        this.#delivery.reset();
        void this.#link.look();
        void this.#delivery.deliver();
      },
      onClock: (says) => {
        reportCondition(reporter, clock, 'ClockCorrect', says).catch((thrown: unknown) => {
          logger.warn('condition could not be reported', { [LogField.error]: thrown });
        });
      },
    });
    this.#delivery = new Delivery(reporter, this.#link, clock, logger);
    this.#worker = new WorkerLauncher({
      workerPath: config.workerPath,
      environment: config.workerEnvironment,
      folder: folder.work,
      fs,
      logger,
      deadlineMs: config.jobDeadlineMs,
    });
    this.#executors = createExecutors({
      store: this.#store,
      jobs: this.#jobs,
      work: this.#work,
      reporter,
      memory,
      runtimes: this.#runtimes,
      link: this.#link,
      worker: this.#worker,
      progress: new JobProgress(reporter, clock, logger),
      clock,
      logger,
      buildFrames: config.buildFrames,
      desired: () => this.#desired.present,
      buildKeyOf: (slot) => this.#buildKey(slot),
    });
    reporter.onReport(() => void this.#delivery.deliver());
  }

  static async open(deps: DaemonDeps): Promise<Daemon> {
    const { fs, files, folder, clock, stored } = deps;
    const desired = await DesiredStore.open(files, folder);
    const memory = await NodeMemory.open(files, folder, () => committedByRecords(fs, folder, desired.present?.body.slots ?? []));
    const wanted = (): ReadonlySet<string> => namesIn(desired.present);
    const reporter = await Reporter.open({
      files,
      folder,
      clock,
      nodeId: stored.identity.nodeId,
      observedGeneration: () => desired.present?.generation ?? 0,
      wanted,
      rebuildLedger: () => rebuiltLedger(memory.current, wanted(), CONDITION_TYPES),
    });
    return new Daemon(deps, desired, reporter, memory);
  }

  /** Runs until `stop`. Resolves when every child has ended and nothing is written any more. */
  async run(): Promise<void> {
    const { signal } = this.#stop;
    const { logger, agentVersion, config } = this.#deps;
    const facts = watchFacts(
      {
        worker: this.#worker,
        reporter: this.#reporter,
        logger,
        dataDir: config.dataDir,
        agentVersion,
        onFingerprint: (fingerprint) => {
          this.#fingerprint = fingerprint;
          this.#wakeup.wake();
        },
      },
      signal,
    );
    const loops = [
      facts,
      this.#link.run(),
      this.#every(config.heartbeatMs, () => this.#heartbeat()),
      this.#look(),
      this.#every(DELIVER_MS, () => this.#delivery.deliver()),
    ];
    while (!signal.aborted) {
      let active = false;
      try {
        active = await this.#tick();
        this.#lastFailure = '';
      } catch (thrown) {
        // Once per cause: on a disk that cannot be written every round ends like this.
        const failure = thrown instanceof Error ? thrown.message.replace(/\S*[0-9a-f-]{36}\S*/g, '') : String(thrown);
        if (failure !== this.#lastFailure) logger.error('plan could not be carried out', { [LogField.error]: thrown });
        this.#lastFailure = failure;
      }
      await this.#wakeup.wait(active ? ACTIVE_MS : Math.min(IDLE_MS, this.#deps.config.heartbeatMs), signal);
    }
    await this.#work.stop();
    await this.#link.close();
    await Promise.allSettled(loops);
  }

  stop(): void {
    this.#stop.abort(new Error('the agent stops'));
  }

  /** One round. True while something moves. */
  async #tick(): Promise<boolean> {
    const { clock, logger } = this.#deps;
    await this.#takeInDesired();
    await this.#reportStateFiles();
    const desired = this.#desired.present;
    if (desired === undefined) return false;
    const { slots } = desired.body;
    await this.#memory.noticeForgotten();
    await this.#runtimes.poll(slots);
    const wanted = { generation: desired.generation, ...desired.body };
    const steps = planSteps(wanted, await this.#localState(slots), clock.now(), sha256);
    const keys = keysOf(steps);
    this.#work.keepOnly(keys);
    this.#logPlan(steps, desired.generation);
    for (const step of steps) {
      if (this.#stop.signal.aborted) return false;
      await this.#execute(step);
    }
    // After the reports: a failure that ends a deployment is needed until that is on disk.
    this.#work.forgetOthers(keys);
    await this.#reportConditions(slots);
    await this.#reportSlots(slots);
    await this.#prune(desired, steps);
    logger.debug('planned', { [LogField.generation]: desired.generation });
    return this.#work.busy || steps.some(({ kind }) => kind !== 'wait');
  }

  async #takeInDesired(): Promise<void> {
    const arrived = this.#arrived;
    if (arrived === undefined) return;
    this.#arrived = undefined;
    const { clock, logger, stored, fs, folder } = this.#deps;
    if (arrived.nodeId !== stored.identity.nodeId) return;
    if (await this.#desired.offer(arrived)) {
      logger.info('desired state accepted', { [LogField.generation]: arrived.generation });
      // Only a desired state says which slots the records of the runtimes belong to, and it may have been lost as well.
      await this.#memory.fill(await committedByRecords(fs, folder, arrived.body.slots));
    }
    if (this.#desired.doubtful) void this.#link.look();
    else await reportCondition(this.#reporter, clock, 'DesiredStateAccepted', this.#desired.condition);
  }

  async #localState(slots: readonly DesiredSlot[]): Promise<LocalState> {
    const { artifacts, datasets } = await this.#store.contents();
    const { ledger } = this.#reporter;
    return {
      artifacts: new Set(artifacts),
      datasets: new Set(datasets),
      builds: await this.#jobs.builds(),
      calibrations: await this.#jobs.calibrations(),
      deployments: mapOf<DeploymentId, DeploymentRecord>(ledger.deployments),
      jobs: mapOf<JobId, JobStage>(ledger.jobs),
      failedContent: this.#memory.failedContent,
      failures: this.#work.failures,
      runtimes: this.#runtimes.views(slots),
      fingerprint: this.#fingerprint,
    };
  }

  #execute<K extends StepKind>(step: Extract<Step, { kind: K }>): Promise<void> {
    const execute = this.#executors[step.kind] as (step: Step) => Promise<void>;
    return execute(step);
  }

  /** Each new plan once, so that the log reads as what the agent decided. */
  #logPlan(steps: readonly Step[], generation: number): void {
    const plan = steps.map(({ key }) => key).join(' ');
    if (plan === this.#lastPlan) return;
    this.#lastPlan = plan;
    this.#deps.logger.info('plan changed', { [LogField.generation]: generation, [LogField.phase]: plan === '' ? 'nothing to do' : plan });
  }

  #reportStateFiles(): Promise<void> {
    const { desired, identity } = this.#deps.folder;
    const missing = [...(this.#desired.present === undefined ? [desired] : []), ...(this.#link.hasJwt ? [] : [identity.jwt])];
    return this.#stateReport.report(missing, this.#runtimes.lostRecords(this.#desired.present?.body.slots ?? []));
  }

  async #reportConditions(slots: readonly DesiredSlot[]): Promise<void> {
    const { clock } = this.#deps;
    const reachable = this.#runtimes.condition(slots);
    if (reachable !== undefined) await reportCondition(this.#reporter, clock, 'RuntimeReachable', reachable);
    const source = this.#runtimes.sourceCondition(slots);
    if (source !== undefined) await reportCondition(this.#reporter, clock, 'SourceReadable', source);
    await reportCondition(this.#reporter, clock, 'DiskSpace', diskCondition(this.#work.failures));
    if (this.#reporter.journal.pendingCount === 0) await reportCondition(this.#reporter, clock, REPORTS_COMPLETE, NOTHING_WAITS);
  }

  /** What each slot serves, when it changed. A runtime that is starting serves nothing for a moment; that is no change. */
  async #reportSlots(slots: readonly DesiredSlot[]): Promise<void> {
    for (const { slotId, line } of slots) {
      const serving = this.#runtimes.status(line.slug)?.serving;
      if (serving === undefined || serving === null || this.#reporter.ledger.slots[slotId]?.activeDeploymentId === serving.deploymentId)
        continue;
      await this.#reporter.report({ kind: 'slot', slotId, activeDeploymentId: serving.deploymentId, plan: serving.plan });
    }
  }

  /** Removes files that nothing names, once per generation and only when nothing is under way. */
  async #prune(desired: DesiredState, steps: readonly Step[]): Promise<void> {
    if (this.#prunedGeneration === desired.generation || this.#work.busy || steps.length > 0 || this.#fingerprint === null) return;
    this.#prunedGeneration = desired.generation;
    const keep = referencedDigests(desired.body);
    for (const document of [this.#memory.current, this.#memory.rollback]) {
      for (const { release } of Object.values(document.slots)) {
        for (const ref of [release.model.artifact, release.golden, release.calibration, release.statistics])
          if (ref !== null) keep.add(ref.digest);
      }
    }
    const { builds, calibrations } = this.#keptWork(desired);
    const inUse = await enginesInUse(this.#deps.fs, this.#deps.folder);
    const outdated = await this.#jobs.pruneBuilds(new Set([...builds, ...inUse.buildKeys]));
    const done = outdated + (await this.#jobs.pruneCalibrations(calibrations));
    for (const digest of inUse.artifacts) keep.add(digest);
    // A calibration that is on disk is handed over without being made again, so its statistics file stays with it.
    for (const key of await this.#jobs.calibrations()) keep.add((await this.#jobs.calibration(key)).statistics.digest);
    const removed = done + (await this.#store.prune(keep));
    if (removed > 0) this.#deps.logger.info('files that nothing names removed', { count: removed });
  }

  /** Keys of builds and calibrations that a desired state or what was committed here names. */
  #keptWork(desired: DesiredState): { readonly builds: Set<string>; readonly calibrations: Set<string> } {
    const wanted = desired.body.slots.map((slot) => this.#buildKey(slot)).filter((key) => key !== undefined);
    const committed = [this.#memory.current, this.#memory.rollback].flatMap(({ slots }) => Object.values(slots));
    return {
      builds: new Set([...wanted, ...committed.map(({ buildKey }) => buildKey)]),
      calibrations: new Set(desired.body.jobs.map((job) => calibrationKeyOf(job, sha256))),
    };
  }

  #buildKey(slot: DesiredSlot): string | undefined {
    if (slot.deployment === null || this.#fingerprint === null) return undefined;
    return buildKeyOf(slot.deployment.release, this.#fingerprint, sha256);
  }

  #heartbeat(): void {
    const { clock, stored } = this.#deps;
    this.#link.heartbeat({
      schemaVersion: 1,
      nodeId: stored.identity.nodeId,
      at: new Date(clock.now()).toISOString(),
      uptimeSeconds: Math.round(process.uptime()),
      rssMiB: Math.round(process.memoryUsage.rss() / 104_857.6) / 10,
      observedGeneration: this.#desired.present?.generation ?? 0,
      lastSeq: this.#reporter.journal.lastSeq,
      slots: this.#runtimes.metrics(this.#desired.present?.body.slots ?? []),
    });
  }

  /** The safety net behind the push, which is sent at most once: looks now and then, with jitter. */
  async #look(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(this.#deps.config.pollMs * (0.75 + Math.random() / 4), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#link.look();
    }
  }

  async #every(ms: number, work: () => void | Promise<void>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(ms, undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await work();
    }
  }
}
