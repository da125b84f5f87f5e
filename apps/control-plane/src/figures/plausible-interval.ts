import { FPS_MAX } from '@takt/contracts';
import { HISTOGRAM_BUCKETS, edgeOf, framesIn } from '@takt/gates';
import type { Interval } from '@takt/gates';

/** Frames that may have been settled at once at an edge of an interval, as seconds at the highest rate. */
const EDGE_SECONDS = 1;

/**
 * Why no runtime can have counted this between two readings; null where it can have. A line takes at most {@link FPS_MAX} frames a
 * second, each delivered frame has one service time, and frames are served one after another.
 */
export function implausible({ seconds, delivered, dropped, errors, serviceTime }: Interval): string | null {
  const over = `in ${seconds.toFixed(3)} s`;
  const most = FPS_MAX * (seconds + EDGE_SECONDS);
  for (const [what, count] of Object.entries({ 'frames delivered': delivered, 'frames dropped': dropped, errors })) {
    if (count > most) return `${String(count)} ${what} ${over}`;
  }
  const timed = framesIn(serviceTime);
  if (timed !== delivered) return `${String(timed)} service times of ${String(delivered)} frames ${over}`;
  const buckets = serviceTime.map(([bucket]) => bucket);
  if (buckets.some((bucket) => bucket < HISTOGRAM_BUCKETS.lowest || bucket > HISTOGRAM_BUCKETS.highest))
    return 'service times out of range';
  // The first frame may have been taken before the interval began.
  const servedMs = serviceTime.reduce((sum, [bucket, count]) => sum + edgeOf(bucket) * count, 0) - edgeOf(Math.max(...buckets));
  return servedMs > seconds * 1000 ? `${(servedMs / 1000).toFixed(3)} s of service ${over}` : null;
}
