import { Worker } from 'node:worker_threads';

const CHECK_EVERY_MS = 500;

/**
 * Ends this process when its parent is gone, even while native code blocks the main thread and the closed IPC channel goes
 * unseen: a thread of its own compares the parent's pid.
 */
export function watchParent(parentPid: number): void {
  const watcher = new Worker(
    `setInterval(() => { if (process.ppid !== ${String(parentPid)}) process.kill(process.pid, 'SIGKILL'); }, ${String(CHECK_EVERY_MS)});`,
    { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2 } },
  );
  watcher.unref();
}
