import type { EngineName, ThreadPolicy } from '@takt/engines';
import type { JobContext } from '../job-context.js';
import { startHost } from './host-client.js';
import type { HostClient } from './host-client.js';

/** What one measuring host is to load. */
export interface HostSpec {
  /** Absolute path of the artifact. */
  readonly path: string;
  readonly engine: EngineName;
  readonly threads: ThreadPolicy;
  /** Name in messages. */
  readonly label: string;
}

export interface LoadedHost<S extends HostSpec> {
  readonly spec: S;
  readonly host: HostClient;
  readonly engine: string;
  readonly engineVersion: string;
}

/** Starts one host per spec, loads them one after the other, runs `work`, and ends them whatever happens. */
export async function withHosts<S extends HostSpec, T>(
  specs: readonly S[],
  context: Pick<JobContext, 'signal' | 'progress'>,
  work: (hosts: readonly LoadedHost<S>[]) => Promise<T>,
): Promise<T> {
  const started: HostClient[] = [];
  try {
    const loaded: LoadedHost<S>[] = [];
    for (const spec of specs) {
      context.progress({ phase: 'load', done: loaded.length, total: specs.length, message: `loading ${spec.label}` });
      const host = startHost(context.signal, spec.label);
      started.push(host);
      const { engine, engineVersion } = await host.ask({ kind: 'load', model: spec.path, engine: spec.engine, threads: spec.threads });
      loaded.push({ spec, host, engine, engineVersion });
    }
    return await work(loaded);
  } finally {
    await Promise.all(started.map((host) => host.close()));
  }
}
