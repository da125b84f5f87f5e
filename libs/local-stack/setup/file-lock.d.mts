export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot; empty where the process did not run. */
  readonly startTicks: string;
  readonly boot: string;
}

export interface LockHolder extends ProcessIdentity {
  readonly children?: readonly ProcessIdentity[];
  readonly address?: string;
}

export interface FileLock {
  readonly tookOver: boolean;
  note(facts: Readonly<Record<string, string>>): void;
  addChild(pid: number): void;
  removeChild(pid: number): void;
  release(): void;
}

export function identityOf(pid: number): ProcessIdentity;
export function isRunning(identity: ProcessIdentity): boolean;
export function endProcesses(
  processes: readonly ProcessIdentity[],
  options: {
    readonly patienceMs?: number;
    readonly graceMs: number;
    readonly signal?: NodeJS.Signals;
    readonly isInterrupted?: () => boolean;
  },
): Promise<void>;
export function takeLock(
  file: string,
  options?: {
    readonly graceMs?: number;
    readonly onWait?: (pids: readonly number[]) => void;
    readonly isInterrupted?: () => boolean;
  },
): Promise<{ readonly lock: FileLock; readonly holder?: undefined } | { readonly lock?: undefined; readonly holder: LockHolder }>;
