import { Module } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import type { Clock, Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { Authenticator } from '../access/authenticator.js';
import { MessagingState } from '../boot/messaging-runtime.js';
import { systemClock } from '../boot/parts.js';
import type { Pauses } from '../boot/pauses.js';
import { CLOCK, CONFIG, LOGGER, PAUSES, provide } from '../boot/tokens.js';
import { BackgroundWork } from '../boot/watched-work.js';
import type { Config } from '../config.js';
import { RolloutModule } from '../rollout/rollout-module.js';
import { DeploymentQueries } from '../rollout/rollout-queries.js';
import { RolloutQueries } from '../rollout/fleet/rollout-queries.js';
import { TopologyModule } from '../topology/topology-module.js';
import { NodeQueries } from '../topology/nodes.js';
import { EventFeed } from './event-feed.js';
import { ExplainDeployment } from './explain-deployment.js';
import { ExplainNode } from './explain-node.js';
import { ExplainGate } from './explain-gate.js';
import { ExplainRollout } from './explain-rollout.js';
import { ExplainRolloutController } from './explain-rollout-controller.js';
import { FiguresController } from './figures-controller.js';
import { FleetStream } from './fleet-stream.js';
import { EventLoopLag } from './event-loop-lag.js';
import { healthChecks } from './health-checks.js';
import { Health } from './health.js';
import { InsightController } from './insight-controller.js';
import { ModelFigures } from './model-figures.js';
import { ReadHealth } from './read-health.js';
import { SlotSamples } from './slot-samples.js';
import { FleetStatus } from './status.js';

@Module({
  imports: [RolloutModule, TopologyModule],
  controllers: [InsightController, FiguresController, ExplainRolloutController],
  providers: [
    { provide: EventLoopLag, useFactory: () => new EventLoopLag(() => systemClock.monotonic()) },
    {
      provide: Health,
      useFactory: (
        db: Database,
        messaging: MessagingState,
        files: ServerArtifactStore,
        work: BackgroundWork,
        lag: EventLoopLag,
        config: Config,
        // Deadlines and ages are this machine's own, whatever clock the fleet goes by.
      ) => new Health(healthChecks({ db, messaging, files, work, lag, clock: systemClock, config }), systemClock, config.healthMs),
      inject: [Database, MessagingState, ServerArtifactStore, BackgroundWork, EventLoopLag, CONFIG],
    },
    {
      provide: ReadHealth,
      useFactory: (health: Health, authenticator: Authenticator, config: Config) => new ReadHealth(health, authenticator, config.healthMs),
      inject: [Health, Authenticator, CONFIG],
    },
    provide(FleetStatus, Database, CLOCK),
    provide(EventFeed, Database),
    {
      provide: FleetStream,
      useFactory: (db: Database, clock: Clock, logger: Logger, pauses: Pauses) => new FleetStream(db, clock, logger, pauses.fleetFigures),
      inject: [Database, CLOCK, LOGGER, PAUSES],
    },
    provide(SlotSamples, Database, CLOCK),
    provide(ModelFigures, Database),
    provide(ExplainNode, Database, NodeQueries),
    provide(ExplainDeployment, Database, DeploymentQueries),
    provide(ExplainRollout, Database, RolloutQueries),
    provide(ExplainGate, RolloutQueries),
  ],
})
export class InsightModule {}
