import type { ThreadPolicy } from '@takt/engines';

/** All cores, without spinning: work in this process runs beside a line that serves. What is timed runs in hosts of its own. */
export const BACKGROUND_THREADS: ThreadPolicy = { intraOp: 0, spin: false };
