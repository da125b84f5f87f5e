import { Module } from '@nestjs/common';
import type { DynamicModule, Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { StandardSchemaValidationPipe } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import { Database } from '@takt/persistence';
import { AccessModule } from '../access/access-module.js';
import { Authenticator } from '../access/authenticator.js';
import { ContentModule } from '../content/content-module.js';
import { Grants } from '../content/grants.js';
import { RefreshDesired } from '../desired/refresh-desired.js';
import { AccessGuard } from '../http/access-guard.js';
import { InvalidRequest } from '../http/problem.js';
import { StreamAccess } from '../http/stream-access.js';
import { ProblemFilter } from '../http/problem-filter.js';
import { InsightModule } from '../insight/insight-module.js';
import type { Addresses } from '../join/addresses.js';
import { JoinModule } from '../join/join-module.js';
import { RolloutModule } from '../rollout/rollout-module.js';
import { RpcModule } from '../rpc/rpc-module.js';
import { TopologyModule } from '../topology/topology-module.js';
import { MessagingState } from './messaging-runtime.js';
import { sha256 } from './parts.js';
import type { Parts } from './parts.js';
import { ADDRESSES, CLOCK, CONFIG, LOGGER, PAUSES, TRUST, provide } from './tokens.js';
import { BackgroundWork } from './watched-work.js';

const pathOf = (path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string =>
  (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');

const validation = new StandardSchemaValidationPipe({
  exceptionFactory: (issues) => new InvalidRequest(issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message }))),
});

/** Parts that every module may use. */
@Module({})
export class PartsModule {
  static of(parts: Parts): DynamicModule {
    const values: Provider[] = [
      { provide: CONFIG, useValue: parts.config },
      { provide: LOGGER, useValue: parts.logger },
      { provide: CLOCK, useValue: parts.clock },
      { provide: PAUSES, useValue: parts.pauses },
      { provide: TRUST, useValue: parts.trust },
      { provide: ADDRESSES, useValue: parts.addresses },
      { provide: Database, useValue: parts.db },
      { provide: ServerArtifactStore, useValue: parts.files },
      { provide: MessagingState, useValue: parts.messaging },
      { provide: BackgroundWork, useValue: parts.work },
      { provide: Grants, useValue: new Grants(parts.secret, parts.clock) },
      { provide: RefreshDesired, useValue: new RefreshDesired(sha256) },
      provide(Authenticator, Database, CLOCK),
      provide(StreamAccess, Authenticator),
    ];
    return {
      module: PartsModule,
      global: true,
      providers: values,
      exports: [
        CONFIG,
        LOGGER,
        CLOCK,
        PAUSES,
        TRUST,
        ADDRESSES,
        Database,
        ServerArtifactStore,
        MessagingState,
        BackgroundWork,
        Grants,
        RefreshDesired,
        Authenticator,
        StreamAccess,
      ],
    };
  }
}

@Module({})
export class AppModule {
  static of(parts: Parts): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PartsModule.of(parts),
        AccessModule,
        JoinModule.of(parts.secret),
        TopologyModule,
        ContentModule,
        RolloutModule,
        RpcModule,
        InsightModule,
      ],
      providers: [
        { provide: APP_PIPE, useValue: validation },
        { provide: APP_FILTER, useFactory: (logger: Parts['logger']) => new ProblemFilter(logger), inject: [LOGGER] },
        {
          provide: APP_GUARD,
          useFactory: (auth: Authenticator, grants: Grants, { publicUrl }: Addresses) => new AccessGuard(auth, grants, publicUrl),
          inject: [Authenticator, Grants, ADDRESSES],
        },
      ],
    };
  }
}
