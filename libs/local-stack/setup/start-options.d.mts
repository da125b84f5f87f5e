export interface StartOptions {
  /** End after the demo, with exit code 0 or 1. */
  readonly once: boolean;
  /** Wipe what an earlier run left. */
  readonly fresh: boolean;
  readonly servicesOnly: boolean;
  readonly dataDir: string;
  readonly port: number | undefined;
}

export const USAGE: string;
export const DATA_MARK: string;
export function parseStartOptions(args: readonly string[], root: string, cwd?: string): StartOptions | 'help';
export function requireDataFolder(dataDir: string, root: string): void;
export function choosePort(asked: number | undefined, last: number | undefined): Promise<number>;
