import { Module } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import { Database } from '@takt/persistence';
import { ADDRESSES, CLOCK, CONFIG, TRUST, provide } from '../boot/tokens.js';
import { Grants } from '../content/grants.js';
import { TakeReport } from '../reports/take-report.js';
import { RolloutModule } from '../rollout/rollout-module.js';
import { NodeRequests } from './node-requests.js';
import { RpcController } from './rpc-controller.js';

@Module({
  imports: [RolloutModule],
  controllers: [RpcController],
  providers: [provide(NodeRequests, Database, ServerArtifactStore, Grants, TRUST, CLOCK, TakeReport, ADDRESSES, CONFIG)],
})
export class RpcModule {}
