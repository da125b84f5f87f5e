/**
 * Ends this process. Node's exit waits for its threads, and so for a read of a dead mount that never ends: where one hangs, the
 * process ends by SIGKILL. Everything has been written by then.
 *
 * @param hanging reads that have not ended.
 */
export function endProcess(code: number, hanging: number): void {
  if (hanging > 0) process.kill(process.pid, 'SIGKILL');
  else process.exit(code);
}
