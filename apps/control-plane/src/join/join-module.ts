import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { Database } from '@takt/persistence';
import { ADDRESSES, CLOCK, TRUST, provide } from '../boot/tokens.js';
import { RefreshDesired } from '../desired/refresh-desired.js';
import { JoinController } from './join-controller.js';
import { JoinNode } from './join-node.js';
import { CreateJoinToken, JoinTokenQueries } from './join-tokens.js';
import { Nonces } from './nonces.js';

@Module({})
export class JoinModule {
  static of(secret: Uint8Array): DynamicModule {
    return {
      module: JoinModule,
      controllers: [JoinController],
      providers: [
        { provide: Nonces, useValue: new Nonces(secret) },
        provide(JoinNode, Database, CLOCK, Nonces, TRUST, ADDRESSES, RefreshDesired),
        provide(JoinTokenQueries, Database),
        provide(CreateJoinToken, Database, CLOCK),
      ],
    };
  }
}
