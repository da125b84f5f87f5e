import type { Logger } from '@takt/kernel';

/**
 * Ends this process once the time is over, whatever it still waits for. By SIGKILL, because Node's own exit waits for a read
 * that never ends, such as one of a dead mount. What has to stay is on disk by then.
 *
 * @param ms before the process is killed
 */
export function endWithin(ms: number, logger: Logger): void {
  setTimeout(() => {
    logger.error('agent does not end by itself and is killed');
    process.kill(process.pid, 'SIGKILL');
  }, ms).unref();
}
