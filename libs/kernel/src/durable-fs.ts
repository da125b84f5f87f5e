/**
 * Crash-safe file operations as a port. After a resolved write the file holds the old or the new content, never a part
 * of either, whatever is killed (temp file, fsync, rename, directory fsync). Implemented by `@takt/durable-fs`.
 */
export interface DurableFs {
  /**
   * Content of a file, or undefined where there is none. Never waits for a FIFO or a device.
   *
   * @throws TaktError `FileNotRegular`, `FileTooLarge` (above 64 MiB)
   */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Replaces a file atomically; makes parent folders. `mode` defaults to 0o600. */
  write(path: string, content: Uint8Array | string, mode?: number): Promise<void>;
  /** Removes a file or folder; nothing happens where there is none. */
  remove(path: string): Promise<void>;
  /** Moves a finished file or folder into place (rename on the same file system, then directory fsync). */
  publish(from: string, to: string): Promise<void>;
  /** Names in a folder, sorted; empty where there is none. */
  list(path: string): Promise<string[]>;
}
