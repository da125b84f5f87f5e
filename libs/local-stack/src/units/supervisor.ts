import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaktError } from '@takt/kernel';
import type { GuardedProcess, ProcessEnd, ProcessGuard } from '../process/process-guard.js';
import { createProcessGuard } from '../process/process-guard.js';
import type { UnitFile } from './parse-unit.js';
import { RestartPolicy, parseUnit } from './parse-unit.js';
import type { ResolvedCommand, ResolvedUnit, UnitContext } from './resolve-unit.js';
import { parseEnvironmentFile, resolveUnit } from './resolve-unit.js';

export type SupervisorEvent =
  | { readonly type: 'started'; readonly unit: string; readonly pid: number; readonly starts: number }
  | { readonly type: 'ended'; readonly unit: string; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'restarting'; readonly unit: string; readonly delayMs: number }
  | { readonly type: 'failed'; readonly unit: string; readonly reason: string };

export interface SupervisorOptions {
  /** Standard output and error of each unit go to `<logDir>/<unit>.log`. */
  readonly logDir: string;
  readonly onEvent?: (event: SupervisorEvent) => void;
  /** Environment every process starts with; the caller's own is not inherited. Must hold PATH where commands need it. */
  readonly baseEnv?: Readonly<Record<string, string>>;
  readonly guard?: ProcessGuard;
}

export interface StartUnit extends UnitContext {
  /** Name under which this unit is known afterwards; default `<unit>` or `<unit>@<instance>`. Needed to run one unit for several nodes. */
  readonly as?: string;
}

/** Starts services from systemd unit files and keeps them as systemd would: one machine, no root, no systemd. */
export interface Supervisor {
  /** @param unitFile path of a `.service` file. Resolves with the pid of the first start. */
  start(unitFile: string, options?: StartUnit): Promise<number>;
  stop(name: string): Promise<void>;
  /** Stops and starts again with the same options; resolves with the new pid. */
  restart(name: string): Promise<number>;
  /** Stops everything, last started first, and leaves no process. */
  stopAll(): Promise<void>;
  /** Main process, undefined while the unit is not running. */
  pid(name: string): number | undefined;
  /** Sends a signal to the main process; the restart policy then applies. */
  kill(name: string, signal: NodeJS.Signals): void;
  /** How often the main process was started. */
  starts(name: string): number;
  names(): readonly string[];
}

/** Restarts wait RestartSec, doubling up to this while a unit keeps ending soon after its start. */
const MAX_RESTART_DELAY_MS = 10_000;
/** A unit that ran this long starts the doubling anew. */
const STABLE_AFTER_MS = 10_000;

interface Running {
  readonly name: string;
  readonly unitFile: string;
  readonly options: StartUnit;
  readonly unit: UnitFile;
  readonly aborted: AbortController;
  current: GuardedProcess | undefined;
  starts: number;
  firstStart: Promise<number>;
  done: Promise<void>;
}

const defaultName = (unit: UnitFile, options: StartUnit): string => {
  const base = unit.name.replace(/\.service$/, '');
  return options.as ?? (options.instance === undefined ? base : base.replace(/@$/, `@${options.instance}`));
};

export const shouldRestart = (unit: Pick<UnitFile, 'restart' | 'restartPreventExitCodes'>, end: ProcessEnd): boolean => {
  if (end.code !== null && unit.restartPreventExitCodes.includes(end.code)) return false;
  const abnormal = end.signal !== null && !['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGPIPE'].includes(end.signal);
  switch (unit.restart) {
    case RestartPolicy.no:
      return false;
    case RestartPolicy.always:
      return true;
    case RestartPolicy.onFailure:
      return abnormal || (end.code !== null && end.code !== 0);
    case RestartPolicy.onAbnormal:
      return abnormal;
  }
};

const deferred = <T>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
} => {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const guard = options.guard ?? createProcessGuard();
  const units = new Map<string, Running>();
  const emit = (event: SupervisorEvent): void => options.onEvent?.(event);

  const readEnvironment = (resolved: ResolvedUnit): Record<string, string> => {
    const environment: Record<string, string> = {};
    for (const { path, optional } of resolved.environmentFiles) {
      try {
        Object.assign(environment, parseEnvironmentFile(readFileSync(path, 'utf8')));
      } catch (cause) {
        if (optional) continue;
        throw new TaktError({
          code: 'EnvironmentFileMissing',
          message: `environment file ${path} of unit ${resolved.name} cannot be read`,
          action: 'create the file or mark it optional with "-"',
          component: 'local-stack',
          element: resolved.name,
          cause,
        });
      }
    }
    return environment;
  };

  const launch = (running: Running, resolved: ResolvedUnit, command: ResolvedCommand): GuardedProcess => {
    const [program = '', ...args] = command.argv;
    mkdirSync(options.logDir, { recursive: true });
    const log = openSync(join(options.logDir, `${running.name}.log`), 'a');
    try {
      return guard.spawn({
        command: program,
        args,
        env: { ...options.baseEnv, ...resolved.environment },
        output: log,
        stopSignal: running.unit.killSignal,
      });
    } finally {
      closeSync(log);
    }
  };

  /** ExecStartPre in order, then the main process. Resolves when the main process ends; undefined where a pre-step failed. */
  const runOnce = async (running: Running, onStart: (pid: number) => void): Promise<ProcessEnd> => {
    const first = resolveUnit(running.unit, running.options);
    const resolved = resolveUnit(running.unit, running.options, readEnvironment(first));
    for (const command of resolved.pre) {
      running.current = launch(running, resolved, command);
      const end = await running.current.ended;
      running.current = undefined;
      if ((end.code !== 0 && !command.ignoreFailure) || running.aborted.signal.aborted) return end;
    }
    running.current = launch(running, resolved, resolved.main);
    running.starts += 1;
    emit({ type: 'started', unit: running.name, pid: running.current.pid, starts: running.starts });
    onStart(running.current.pid);
    const end = await running.current.ended;
    running.current = undefined;
    return end;
  };

  const keep = async (running: Running, onStart: (pid: number) => void): Promise<void> => {
    const baseDelay = running.unit.restartSeconds * 1000;
    let delayMs = baseDelay;
    while (!running.aborted.signal.aborted) {
      const startedAt = performance.now();
      let end: ProcessEnd;
      try {
        end = await runOnce(running, onStart);
      } catch (thrown) {
        emit({ type: 'failed', unit: running.name, reason: thrown instanceof Error ? thrown.message : String(thrown) });
        throw thrown;
      }
      emit({ type: 'ended', unit: running.name, ...end });
      if (running.aborted.signal.aborted) return;
      if (!shouldRestart(running.unit, end)) {
        if (end.code !== 0)
          emit({ type: 'failed', unit: running.name, reason: `it ended with ${String(end.code ?? end.signal)} and is not restarted` });
        return;
      }
      delayMs = performance.now() - startedAt >= STABLE_AFTER_MS ? baseDelay : delayMs;
      emit({ type: 'restarting', unit: running.name, delayMs });
      await sleep(delayMs, undefined, { signal: running.aborted.signal }).catch(() => undefined);
      delayMs = Math.min(Math.max(delayMs * 2, 1), Math.max(MAX_RESTART_DELAY_MS, baseDelay));
    }
  };

  const unknown = (name: string): TaktError =>
    new TaktError({
      code: 'UnitNotStarted',
      message: `unit ${name} was never started here`,
      action: `use one of: ${[...units.keys()].join(', ')}`,
      component: 'local-stack',
      element: name,
    });

  const get = (name: string): Running => {
    const running = units.get(name);
    if (running === undefined) throw unknown(name);
    return running;
  };

  const start = (unitFile: string, startOptions: StartUnit = {}): Promise<number> => {
    const fileName = unitFile.slice(unitFile.lastIndexOf('/') + 1);
    const unit = parseUnit(fileName, readFileSync(unitFile, 'utf8'));
    const name = defaultName(unit, startOptions);
    const present = units.get(name);
    if (present !== undefined && !present.aborted.signal.aborted) return present.firstStart;
    const first = deferred<number>();
    const running: Running = {
      name,
      unitFile,
      options: startOptions,
      unit,
      aborted: new AbortController(),
      current: undefined,
      starts: 0,
      firstStart: first.promise,
      done: Promise.resolve(),
    };
    units.set(name, running);
    running.done = keep(running, first.resolve).then(
      () => {
        first.reject(
          new TaktError({
            code: 'UnitEnded',
            message: `unit ${name} ended before its main process started`,
            action: `read ${join(options.logDir, `${name}.log`)}`,
            component: 'local-stack',
            element: name,
          }),
        );
      },
      (thrown: unknown) => {
        first.reject(thrown);
      },
    );
    first.promise.catch(() => undefined);
    return first.promise;
  };

  const stop = async (name: string): Promise<void> => {
    const running = get(name);
    running.aborted.abort();
    await running.current?.stop(Math.min(running.unit.timeoutStopSeconds * 1000, 2 ** 31 - 1));
    await running.done;
  };

  return {
    start: async (unitFile, startOptions) => start(unitFile, startOptions),
    stop,
    async restart(name) {
      const { unitFile, options: startOptions } = get(name);
      await stop(name);
      return start(unitFile, startOptions);
    },
    async stopAll() {
      for (const name of [...units.keys()].reverse()) await stop(name);
      if (options.guard === undefined) await guard.close();
    },
    pid: (name) => units.get(name)?.current?.pid,
    kill(name, signal) {
      get(name).current?.kill(signal);
    },
    starts: (name) => units.get(name)?.starts ?? 0,
    names: () => [...units.keys()],
  };
};
