import { EngineName } from '@takt/engines';
import type { ThreadPolicy } from '@takt/engines';
import type { JobContext } from '../job-context.js';
import { startHost } from './host-client.js';
import type { HostClient } from './host-client.js';

/** A host with its artifact loaded. */
export interface LoadedHost {
  readonly host: HostClient;
  readonly engine: string;
  readonly engineVersion: string;
}

/** Measuring hosts by artifact, engine and thread setting; each is started and loaded once, when it is first asked for. */
export interface HostPool {
  /** @param engine default: ONNX Runtime. */
  get(path: string, threads: ThreadPolicy, label: string, engine?: EngineName): Promise<LoadedHost>;
  /** Ends the hosts of an artifact that is not needed any more. */
  drop(path: string): Promise<void>;
}

/** Gives `work` a pool and ends its hosts whatever happens. */
export async function withHostPool<T>(context: Pick<JobContext, 'signal' | 'progress'>, work: (pool: HostPool) => Promise<T>): Promise<T> {
  const loaded = new Map<string, LoadedHost>();
  const started = new Map<string, HostClient>();
  const close = async (keys: readonly string[]): Promise<void> => {
    await Promise.all(
      keys.map(async (key) => {
        await started.get(key)?.close();
        started.delete(key);
        loaded.delete(key);
      }),
    );
  };
  const pool: HostPool = {
    get: async (path, threads, label, engine = EngineName.onnxruntime) => {
      const key = `${path}\n${engine} ${JSON.stringify(threads)}`;
      const known = loaded.get(key);
      if (known !== undefined) return known;
      context.progress({ phase: 'load', done: loaded.size, total: loaded.size + 1, message: `loading ${label}` });
      const host = startHost(context.signal, label);
      started.set(key, host);
      const answer = await host.ask({ kind: 'load', model: path, engine, threads });
      const result = { host, ...answer };
      loaded.set(key, result);
      return result;
    },
    drop: (path) => close([...started.keys()].filter((key) => key.startsWith(`${path}\n`))),
  };
  try {
    return await work(pool);
  } finally {
    await close([...started.keys()]);
  }
}
