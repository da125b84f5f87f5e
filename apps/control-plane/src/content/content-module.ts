import { Module } from '@nestjs/common';
import { ServerArtifactStore } from '@takt/artifact-store';
import type { Clock, Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { CLOCK, CONFIG, LOGGER, provide } from '../boot/tokens.js';
import type { Config } from '../config.js';
import { ArtifactController } from './artifact-controller.js';
import { ContentSweeper } from './content-sweeper.js';
import { DatasetController, ModelController } from './content-controller.js';
import { CreateDataset, DatasetQueries } from './datasets.js';
import { CreateModel, ModelQueries } from './models.js';
import { StoreArtifact } from './store-artifact.js';
import { UnreferencedContent } from './unreferenced-content.js';
import { UploadLimits } from './upload-limits.js';

@Module({
  controllers: [ArtifactController, ModelController, DatasetController],
  providers: [
    {
      provide: UploadLimits,
      useFactory: (files: ServerArtifactStore, config: Config) => new UploadLimits(files, config.maxModelBytes, config.maxArtifactBytes),
      inject: [ServerArtifactStore, CONFIG],
    },
    {
      provide: UnreferencedContent,
      useFactory: (db: Database, files: ServerArtifactStore, clock: Clock, logger: Logger, config: Config) =>
        new UnreferencedContent(db, files, clock, logger, config.unreferencedHours),
      inject: [Database, ServerArtifactStore, CLOCK, LOGGER, CONFIG],
    },
    provide(ContentSweeper, UnreferencedContent, CLOCK, LOGGER),
    provide(StoreArtifact, Database, ServerArtifactStore, CLOCK, UploadLimits),
    provide(ModelQueries, Database),
    provide(CreateModel, Database, ServerArtifactStore, CLOCK, UploadLimits, UnreferencedContent),
    provide(DatasetQueries, Database),
    provide(CreateDataset, Database, ServerArtifactStore, CLOCK, UploadLimits, UnreferencedContent),
  ],
})
export class ContentModule {}
