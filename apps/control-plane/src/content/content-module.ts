import { Module } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import type { Clock } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { CLOCK, CONFIG, provide } from '../boot/tokens.js';
import type { Config } from '../config.js';
import { ArtifactController } from './artifact-controller.js';
import { DatasetController, ModelController } from './content-controller.js';
import { CreateDataset, DatasetQueries } from './datasets.js';
import { CreateModel, ModelQueries } from './models.js';
import { StoreArtifact } from './store-artifact.js';

@Module({
  controllers: [ArtifactController, ModelController, DatasetController],
  providers: [
    provide(StoreArtifact, Database, ServerArtifactStore, CLOCK),
    provide(ModelQueries, Database),
    {
      provide: CreateModel,
      useFactory: (db: Database, files: ServerArtifactStore, clock: Clock, config: Config) =>
        new CreateModel(db, files, clock, config.maxModelBytes),
      inject: [Database, ServerArtifactStore, CLOCK, CONFIG],
    },
    provide(DatasetQueries, Database),
    provide(CreateDataset, Database, ServerArtifactStore, CLOCK),
  ],
})
export class ContentModule {}
