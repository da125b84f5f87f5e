import type { ServerArtifactStore } from '@takt/artifact-store';
import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import type { MessagingState } from '../boot/messaging-runtime.js';
import type { BackgroundWork } from '../boot/watched-work.js';
import type { Config } from '../config.js';
import type { EventLoopLag } from './event-loop-lag.js';
import { failing, findingOfLag, findingOfSpace, findingOfStore, findingOfWork, ok, unknown } from './health-findings.js';
import type { Finding } from './health-findings.js';
import type { Check } from './health-probe.js';

/** Background work without which the control plane does half of what it should. */
const WORK = ['heartbeats', 'samples', 'relay', 'jobs', 'rollouts', 'content'] as const;
/** For how long answers that cost the part something are kept, ms. */
const KEEP_MS = 2_000;

export interface HealthParts {
  readonly db: Pick<Database, 'ping'>;
  readonly messaging: MessagingState;
  readonly files: Pick<ServerArtifactStore, 'probe'>;
  readonly work: BackgroundWork;
  readonly lag: Pick<EventLoopLag, 'worst'>;
  readonly clock: Clock;
  readonly config: Pick<Config, 'natsStoreBytes' | 'minFreeBytes'>;
}

export function healthChecks({ db, messaging, files, work, lag, clock, config }: HealthParts): readonly Check[] {
  const timed = async (ask: () => Promise<unknown>): Promise<{ readonly latencyMs: number }> => {
    const from = clock.monotonic();
    await ask();
    return { latencyMs: Math.round(clock.monotonic() - from) };
  };
  const connection = async ({ broker, connected }: Pick<MessagingState['rpc'], 'broker' | 'connected'>): Promise<Finding> => {
    if (broker === null) return unknown('NotConnected', 'was not connected since this process started');
    if (!connected) return failing('Disconnected', 'has no connection to NATS');
    return ok('answers', await timed(() => broker.ping()));
  };
  return [
    { name: 'database', look: async () => ok('answers', await timed(() => db.ping())) },
    { name: 'messaging', look: () => connection(messaging) },
    // Another connection, over which requests of nodes are answered.
    { name: 'rpc', look: () => connection(messaging.rpc) },
    {
      name: 'broker-store',
      keepMs: KEEP_MS,
      look: async () => {
        const { broker, connected } = messaging;
        if (broker === null || !connected) return unknown('NotConnected', 'is not known without a connection to NATS');
        return findingOfStore(await broker.storeUse(config.natsStoreBytes));
      },
    },
    ...WORK.map((name): Check => ({ name, look: () => findingOfWork(work.state(name)) })),
    { name: 'artifacts', keepMs: KEEP_MS, look: async () => findingOfSpace((await files.probe()).freeBytes, config.minFreeBytes) },
    { name: 'event-loop', look: () => findingOfLag(lag.worst()) },
  ];
}
