import { findOpenVino, openVinoFolders } from '@takt/engine-openvino';
import { EngineName } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';
import { TaktError } from '@takt/kernel';
import { processConfig } from '../config.js';
import type { HostPool } from '../host/host-pool.js';
import type { JobContext } from '../job-context.js';
import { latencyMeter } from './latency-meter.js';

/** Times files on OpenVINO; null where this machine has none that loads them. */
export type OpenVinoMeter = (paths: readonly string[]) => Promise<readonly number[] | null>;

/**
 * @param pool hosts of their own are started in it.
 * @returns a meter that gives null where the library is missing or does not load, so that a file is then one for another machine.
 */
export function openVinoMeter(pool: HostPool, threads: ThreadPolicy, context: Pick<JobContext, 'progress'>): OpenVinoMeter {
  const time = latencyMeter(pool, threads, context, EngineName.openvino);
  return async (paths) => {
    if ((await findOpenVino(openVinoFolders(processConfig().openVinoDir))) === undefined) return null;
    try {
      return await time(paths);
    } catch (error) {
      if (error instanceof TaktError && error.code === 'EngineUnavailable') return null;
      throw error;
    }
  };
}
