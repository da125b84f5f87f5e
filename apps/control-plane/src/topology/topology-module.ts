import { Module } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { CLOCK, provide } from '../boot/tokens.js';
import { RefreshDesired } from '../desired/refresh-desired.js';
import { CreateLine, LineQueries, UpdateLine } from './lines.js';
import { NodeQueries } from './nodes.js';
import { CreateSite, SiteQueries } from './sites.js';
import { CreateSlot, SlotQueries } from './slots.js';
import { LineController, NodeController, SiteController, SlotController } from './topology-controller.js';

@Module({
  controllers: [SiteController, LineController, NodeController, SlotController],
  providers: [
    provide(SiteQueries, Database),
    provide(CreateSite, Database, CLOCK),
    provide(LineQueries, Database),
    provide(CreateLine, Database, CLOCK),
    provide(UpdateLine, Database, CLOCK, RefreshDesired),
    provide(NodeQueries, Database),
    provide(SlotQueries, Database),
    provide(CreateSlot, Database, CLOCK, RefreshDesired),
  ],
  exports: [NodeQueries],
})
export class TopologyModule {}
