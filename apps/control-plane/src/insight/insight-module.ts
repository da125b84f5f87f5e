import { Module } from '@nestjs/common';
import type { Clock, Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { MessagingState } from '../boot/messaging-runtime.js';
import type { Pauses } from '../boot/pauses.js';
import { CLOCK, LOGGER, PAUSES, provide } from '../boot/tokens.js';
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
import { Health } from './health.js';
import { InsightController } from './insight-controller.js';
import { ModelFigures } from './model-figures.js';
import { SlotSamples } from './slot-samples.js';
import { FleetStatus } from './status.js';

@Module({
  imports: [RolloutModule, TopologyModule],
  controllers: [InsightController, FiguresController, ExplainRolloutController],
  providers: [
    provide(Health, Database, MessagingState),
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
