import { Module } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { MessagingState } from '../boot/messaging-runtime.js';
import { CLOCK, provide } from '../boot/tokens.js';
import { RolloutModule } from '../rollout/rollout-module.js';
import { DeploymentQueries } from '../rollout/rollout-queries.js';
import { TopologyModule } from '../topology/topology-module.js';
import { NodeQueries } from '../topology/nodes.js';
import { EventFeed } from './event-feed.js';
import { ExplainDeployment } from './explain-deployment.js';
import { ExplainNode } from './explain-node.js';
import { Health } from './health.js';
import { InsightController } from './insight-controller.js';
import { FleetStatus } from './status.js';

@Module({
  imports: [RolloutModule, TopologyModule],
  controllers: [InsightController],
  providers: [
    provide(Health, Database, MessagingState),
    provide(FleetStatus, Database, CLOCK),
    provide(EventFeed, Database),
    provide(ExplainNode, Database, NodeQueries),
    provide(ExplainDeployment, Database, DeploymentQueries),
  ],
})
export class InsightModule {}
