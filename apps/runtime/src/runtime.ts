import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Activation, LineAssignment } from '@takt/contracts';
import { LogField, TaktError } from '@takt/kernel';
import type { Clock, DurableFs, Logger } from '@takt/kernel';
import { Activator } from './activation/activator.js';
import { canRollBack, isSettled } from './activation/machine.js';
import { prepareStart } from './activation/prepare-start.js';
import { createLineStore } from './activation/store.js';
import { openCamera } from './camera/camera.js';
import type { CameraFrame } from './camera/camera.js';
import { LineSource } from './camera/line-source.js';
import { alreadyRunning, isRuntimeRunning, startControlServer } from './control/control-server.js';
import { buildStatus } from './control/status.js';
import { EnginePool } from './engines/engine-pool.js';
import { Restarts } from './engines/restart-delay.js';
import { linePaths } from './line-paths.js';
import { DropReason, FrameLedger } from './serve/frame-ledger.js';
import { FrameQueue } from './serve/frame-queue.js';
import { serveLine } from './serve/serve-line.js';
import { ServiceCounters } from './serve/service-counters.js';
import { ServiceWindow } from './serve/service-window.js';
import { createResultFile } from './sink/result-file.js';

/** Frames that may wait for the engine: one to serve next and one newer. */
const QUEUE_DEPTH = 2;
const WINDOW_SECONDS = 10;
const TICK_MS = 1000;
/** After which a read of the source counts as hanging. */
const SOURCE_DEADLINE_MS = 5000;
/** How long a stop waits for reads that were under way: one that hangs is left. */
const LAST_READS_MS = 500;
/** Between two rounds in which images that cannot be read are read again. */
const READ_AGAIN_MS = 30_000;
/** A camera that shows nothing readable must not fill the log. */
const LOG_ONE_ERROR_OF = 1000;
/** How long an engine's warm-up waits for a camera that is being opened. */
const CAMERA_PATIENCE_MS = 5000;

export interface RuntimeOptions {
  readonly dataDir: string;
  readonly slug: string;
  readonly hostScript: string;
  readonly frameDeadlineMs: number;
  readonly loadTimeoutMs: number;
  readonly endTimeoutMs: number;
  readonly resultFileBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fs: DurableFs;
  /** Opens the source of a line. Default: `openCamera`. */
  readonly openCamera?: typeof openCamera;
  /** Between two rounds in which images that cannot be read are read again, ms. Default: 30 s. */
  readonly readAgainMs?: number;
  /** Hanging reads of earlier sources leave no thread for the one of the line: the process has to end. Default: nothing. */
  readonly onStuck?: () => void;
}

export interface Runtime {
  /** Finishes the frame in flight, ends the engines, writes what waits. */
  stop(): Promise<void>;
  /** Reads of the source that have not ended, and that an exit of the process would wait for. */
  hangingReads(): number;
}

/**
 * Serves one line: camera → queue → engine-host → sink, with activation, health check and swap back. Needs neither agent nor
 * network: what it serves and how is in the line's folder.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { clock, logger, slug } = options;
  const paths = linePaths(options.dataDir, slug);
  await mkdir(paths.folder, { recursive: true });
  // Before anything is counted or written: the record belongs to the runtime that runs.
  if (await isRuntimeRunning(paths.socket)) throw alreadyRunning(paths.socket);
  const store = createLineStore(options.fs, paths, logger, clock);
  const startedAt = new Date(clock.now()).toISOString();

  let assignment = await store.readLine();
  let errors = 0;
  let lastErrorCode: string | undefined;
  let stopping = false;

  const ledger = new FrameLedger();
  const startedMs = clock.monotonic();
  const window = new ServiceWindow(WINDOW_SECONDS, startedMs);
  const counters = new ServiceCounters();
  const sink = createResultFile({ path: paths.results, run: startedAt, maxBytes: options.resultFileBytes, flushEveryMs: 200, logger });
  const dropLate = (frame: CameraFrame): void => {
    const reason = stopping ? DropReason.stopped : DropReason.tooSlow;
    ledger.drop(frame.number);
    sink.drop(frame.number, reason);
  };
  const queue = new FrameQueue<CameraFrame>(QUEUE_DEPTH, dropLate);

  const source = new LineSource({
    open: options.openCamera ?? openCamera,
    clock,
    logger,
    deadlineMs: SOURCE_DEADLINE_MS,
    readAgainMs: options.readAgainMs ?? READ_AGAIN_MS,
    show: (frame) => {
      queue.push({ number: ledger.take(), ...frame });
    },
    onExhausted: (error) => {
      logger.error('runtime has to restart', { [LogField.error]: error });
      options.onStuck?.();
    },
  });

  const pool: EnginePool = new EnginePool({
    scriptPath: options.hostScript,
    frameDeadlineMs: options.frameDeadlineMs,
    loadTimeoutMs: options.loadTimeoutMs,
    endTimeoutMs: options.endTimeoutMs,
    restarts: new Restarts(() => clock.monotonic()),
    clock,
    logger,
    sample: async () => {
      await Promise.race([source.opening, sleep(CAMERA_PATIENCE_MS)]);
      return source.sample();
    },
    notify: (notice) => void activator.dispatch(notice),
  });
  const { record, lost } = await store.readRecord();
  const activator = new Activator({
    onDisk: record,
    record: prepareStart(record, startedAt, assignment?.line.requiredFps ?? 0),
    clock,
    logger,
    pool,
    persist: (record) => store.writeRecord(record),
  });

  const refuseWhileStopping = (): void => {
    if (!stopping) return;
    throw new TaktError({
      code: 'RuntimeStopping',
      message: `the runtime of "${slug}" is being stopped`,
      action: 'ask again once it has started',
      component: 'runtime',
      retryable: true,
    });
  };

  const assignLine = async (next: LineAssignment): Promise<void> => {
    refuseWhileStopping();
    if (next.line.slug !== slug) {
      throw new TaktError({
        code: 'LineSlugMismatch',
        message: `this runtime serves line "${slug}", not "${next.line.slug}"`,
        action: `send it to the control socket of "${next.line.slug}"`,
        component: 'runtime',
      });
    }
    const sameSource = source.isOpen(next.line.source);
    const opened = sameSource ? undefined : await source.open(next.line.source);
    await store.writeLine(next);
    assignment = next;
    source.assign(next.line.source, opened);
    await activator.dispatch({ type: 'line', requiredFps: next.line.requiredFps, newSource: !sameSource });
  };

  const activate = async (activation: Activation): Promise<void> => {
    refuseWhileStopping();
    if (isSettled(activator.state.record, activation.deploymentId)) return;
    if (assignment === undefined) {
      throw new TaktError({
        code: 'LineNotAssigned',
        message: `the runtime of "${slug}" has no line yet, so release ${activation.releaseName} cannot be checked on it`,
        action: 'PUT /v1/line first',
        component: 'runtime',
        retryable: true,
      });
    }
    await activator.dispatch({ type: 'activate', activation });
  };

  const rollBack = async (): Promise<void> => {
    refuseWhileStopping();
    if (!canRollBack(activator.state.record)) {
      throw new TaktError({
        code: 'NothingToRollBackTo',
        message: `the line "${slug}" has no engine that served it before`,
        action: 'deploy an earlier release instead',
        component: 'runtime',
      });
    }
    await activator.dispatch({ type: 'rollback' });
  };

  const server = await startControlServer(paths.socket, {
    status: () =>
      buildStatus({
        assignment,
        startedAt,
        state: activator.state,
        record: activator.onDisk,
        recordLost: lost,
        pidOf: (deploymentId) => pool.pidOf(deploymentId),
        counts: ledger.counts(),
        window: window.read(clock.monotonic()),
        elapsedMs: clock.monotonic() - startedMs,
        serviceTime: counters.read(),
        errors,
        source: source.status(),
        engineRestarts: pool.restarts,
      }),
    assignLine,
    activate,
    rollBack,
  });

  if (assignment === undefined) logger.info('waiting for a line');
  else {
    void activator.dispatch({ type: 'line', requiredFps: assignment.line.requiredFps, newSource: true });
    source.begin(assignment.line.source);
  }
  void activator.writeStart();
  void activator.dispatch({ type: 'boot' });
  const tick = setInterval(() => void activator.dispatch({ type: 'tick' }), TICK_MS);
  const serving = serveLine({
    queue,
    ledger,
    window,
    counters,
    sink,
    clock,
    engines: () => activator.engines(),
    detect: (deploymentId, bytes) => pool.detect(deploymentId, bytes),
    observe: (event) => void activator.dispatch(event),
    onDecoded: (name) => {
      source.decoded(name);
    },
    onUnreadable: (name, error, stage) => {
      source.unreadable(name, error, stage);
    },
    onError: (error) => {
      errors += 1;
      if (error.code === lastErrorCode && errors % LOG_ONE_ERROR_OF !== 0) return;
      lastErrorCode = error.code;
      logger.warn('frame failed', { [LogField.error]: error });
    },
  });

  const end = async (): Promise<void> => {
    stopping = true;
    clearInterval(tick);
    source.stop();
    queue.close();
    await serving;
    await activator.dispatch({ type: 'stop' });
    await pool.endAll();
    await sink.close();
    await server.close();
    await source.settle(LAST_READS_MS);
  };
  let ending: Promise<void> | undefined;
  return { stop: () => (ending ??= end()), hangingReads: () => source.hangingReads };
}
