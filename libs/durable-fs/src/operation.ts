/** One primitive file operation, as it is about to be carried out. */
export interface FileOperation {
  readonly kind: 'mkdir' | 'create' | 'write' | 'fsync' | 'rename' | 'fsync-folder' | 'remove';
  readonly path: string;
  /** Target of a rename. */
  readonly to?: string;
}

export interface DurableFsOptions {
  /**
   * Called before each primitive operation. What it throws ends the call at that point with everything before it done
   * and nothing after it: a test enumerates the states a crash can leave by throwing at operation 0, 1, 2…
   */
  readonly before?: (operation: FileOperation) => void;
}

/** Suffix of files that are being written. They are never listed, and `sweepTemporaryFiles` removes those of dead processes. */
export const TEMPORARY_SUFFIX = '.takt-tmp';
