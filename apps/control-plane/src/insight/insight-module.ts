import { Module } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { MessagingState } from '../boot/messaging-runtime.js';
import { CLOCK, LOGGER, provide } from '../boot/tokens.js';
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
    provide(FleetStream, Database, CLOCK, LOGGER),
    provide(SlotSamples, Database, CLOCK),
    provide(ModelFigures, Database),
    provide(ExplainNode, Database, NodeQueries),
    provide(ExplainDeployment, Database, DeploymentQueries),
    provide(ExplainRollout, Database, RolloutQueries),
    provide(ExplainGate, RolloutQueries),
  ],
})
export class InsightModule {}
