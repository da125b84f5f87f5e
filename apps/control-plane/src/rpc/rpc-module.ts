import { Module } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import { Database } from '@takt/persistence';
import { ADDRESSES, CLOCK, CONFIG, TRUST, provide } from '../boot/tokens.js';
import type { Config } from '../config.js';
import { Grants } from '../content/grants.js';
import type { Addresses } from '../join/addresses.js';
import { TakeReport } from '../reports/take-report.js';
import { RolloutModule } from '../rollout/rollout-module.js';
import { NodeRequests } from './node-requests.js';
import { RpcController } from './rpc-controller.js';

const OPTIONS = Symbol('NodeRequestOptions');

@Module({
  imports: [RolloutModule],
  controllers: [RpcController],
  providers: [
    {
      provide: OPTIONS,
      useFactory: (addresses: Addresses, { grantSeconds, maxStatisticsBytes }: Config) => ({
        ...addresses,
        grantSeconds,
        maxStatisticsBytes,
      }),
      inject: [ADDRESSES, CONFIG],
    },
    provide(NodeRequests, Database, ServerArtifactStore, Grants, TRUST, CLOCK, TakeReport, OPTIONS),
  ],
})
export class RpcModule {}
