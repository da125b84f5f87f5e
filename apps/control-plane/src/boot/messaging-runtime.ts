import { REPORT_CONSUMER } from '@takt/contracts';
import { LogField } from '@takt/kernel';
import type { Clock, Logger } from '@takt/kernel';
import { connectControl } from '@takt/messaging';
import type { ControlConnection, ReportConsumer, StreamLimits, UserCredentials } from '@takt/messaging';
import type { Database } from '@takt/persistence';
import type { BackgroundWork } from './watched-work.js';
import { RpcState } from './rpc-start.js';
import { OutboxRelay } from '../desired/relay.js';
import { StreamWatch } from '../desired/stream-watch.js';
import type { Heartbeats } from '../reports/heartbeats.js';
import type { TakeReport } from '../reports/take-report.js';

const PROVISION_RETRY_MS = 1_000;

/** How NATS is now; for the health answer. */
export class MessagingState {
  connected = false;
  /** Set as soon as there was a connection. */
  broker: Pick<ControlConnection, 'ping' | 'storeUse'> | null = null;
  /** The other connection. */
  readonly rpc = new RpcState();
}

interface Options {
  readonly servers: readonly string[];
  readonly credentials: UserCredentials;
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly takeReport: TakeReport;
  readonly heartbeats: Heartbeats;
  readonly state: MessagingState;
  readonly limits: StreamLimits;
  readonly work: BackgroundWork;
  readonly signal: AbortSignal;
}

/** Everything that runs over the control plane's NATS connection: relay, reports, heartbeats, the watch for a lost store. */
export class MessagingRuntime {
  readonly #options: Options;
  readonly #control: ControlConnection;
  readonly #relay: OutboxRelay;
  readonly #reports: ReportConsumer;
  readonly #stopHeartbeats: () => void;
  readonly #watching: Promise<void>;
  readonly #watch: StreamWatch;

  private constructor(control: ControlConnection, options: Options) {
    const { db, clock, logger } = options;
    this.#options = options;
    this.#control = control;
    this.#watch = new StreamWatch(db, logger);
    this.#relay = new OutboxRelay(db, control, clock, logger, () => options.state.connected);
    options.work.add(this.#relay.work);
    options.state.broker = control;
    this.#watching = this.#followConnection();
    this.#relay.start();
    this.#reports = control.consumeReports({
      handler: ({ report, attempt }) => options.takeReport.execute(report, attempt),
      onInvalid: (nodeId, error) => options.takeReport.refuse(nodeId, error),
      onProvisioned: (streams) => {
        void this.#watch.seen(streams).catch((error: unknown) => {
          logger.warn('stream identity not compared, trying again', { [LogField.error]: error });
        });
      },
    });
    this.#stopHeartbeats = control.onHeartbeat(
      (nodeId, heartbeat) => {
        options.heartbeats.receive(nodeId, heartbeat);
      },
      {
        queue: REPORT_CONSUMER,
        onInvalid: (nodeId, error) => {
          options.heartbeats.receiveInvalid(nodeId, error);
        },
      },
    );
  }

  /** Waits for NATS as long as it takes, or until the signal. */
  static async start(options: Options): Promise<MessagingRuntime> {
    const { servers, credentials, logger, limits, signal } = options;
    const control = await connectControl({ servers, credentials, logger, limits, signal });
    return new MessagingRuntime(control, options);
  }

  async stop(): Promise<void> {
    this.#stopHeartbeats();
    await this.#relay.stop();
    await this.#reports.stop();
    await this.#control.close();
    await this.#watching;
  }

  async #followConnection(): Promise<void> {
    const { state, logger } = this.#options;
    for await (const notification of this.#control.notifications()) {
      state.connected =
        notification.type === 'connected' || (state.connected && (notification.type === 'error' || notification.type === 'refused'));
      if (notification.type === 'connected') {
        logger.info('messaging connected', { server: notification.server });
        await this.#compareStreams();
        this.#relay.wake();
      } else if (notification.type === 'disconnected') logger.warn('messaging lost, waiting for it');
      else if (notification.type === 'refused')
        logger.error('messaging refused', { reason: notification.reason, [LogField.error]: notification.message });
    }
    state.connected = false;
  }

  /** After each connect: the store may have been wiped while we were away. */
  async #compareStreams(): Promise<void> {
    for (let attempt = 1; !this.#options.signal.aborted && attempt <= 5; attempt += 1) {
      try {
        await this.#watch.seen(await this.#control.provisionStreams());
        return;
      } catch (error) {
        this.#options.logger.warn('streams not provisioned, trying again', { [LogField.attempt]: attempt, [LogField.error]: error });
        await new Promise((resolve) => setTimeout(resolve, PROVISION_RETRY_MS));
      }
    }
  }
}
