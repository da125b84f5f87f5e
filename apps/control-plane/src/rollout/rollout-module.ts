import { Module } from '@nestjs/common';
import type { Clock, Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import { CLOCK, CONFIG, LOGGER, provide } from '../boot/tokens.js';
import type { Config } from '../config.js';
import { RefreshDesired } from '../desired/refresh-desired.js';
import { MessagingState } from '../boot/messaging-runtime.js';
import { ApplyJobReport } from '../reports/apply-job-report.js';
import { ApplyReport } from '../reports/apply-report.js';
import { Heartbeats } from '../reports/heartbeats.js';
import { ReportRetention } from '../reports/report-retention.js';
import { SampleRecorder } from '../reports/sample-recorder.js';
import { TakeReport } from '../reports/take-report.js';
import { Calibrations } from './calibration.js';
import { CancelDeployment } from './cancel-deployment.js';
import { CreateDeployments } from './create-deployments.js';
import { DeployRelease } from './deploy-release.js';
import { CarryOut } from './fleet/carry-out.js';
import { ChangeRollout } from './fleet/change-rollout.js';
import { CreateRollout, PlanRollout } from './fleet/create-rollout.js';
import { FleetRolloutController } from './fleet/fleet-rollout-controller.js';
import { RolloutQueries } from './fleet/rollout-queries.js';
import { RolloutReconciler } from './fleet/rollout-reconciler.js';
import { JobReconciler } from './job-reconciler.js';
import { MoveDeployment } from './move-deployment.js';
import { CreateRelease, ReleaseQueries } from './releases.js';
import { DeploymentController, JobController, ReleaseController } from './rollout-controller.js';
import { DeploymentQueries, JobQueries } from './rollout-queries.js';

@Module({
  controllers: [ReleaseController, DeploymentController, JobController, FleetRolloutController],
  providers: [
    provide(MoveDeployment, RefreshDesired),
    {
      provide: Calibrations,
      useFactory: (refresh: RefreshDesired, move: MoveDeployment, config: Config) => new Calibrations(refresh, move, config.jobLeaseMs),
      inject: [RefreshDesired, MoveDeployment, CONFIG],
    },
    provide(ReleaseQueries, Database),
    provide(CreateRelease, Database, CLOCK),
    provide(DeploymentQueries, Database),
    provide(DeployRelease, RefreshDesired, MoveDeployment, Calibrations),
    provide(CreateDeployments, Database, CLOCK, DeployRelease),
    provide(CancelDeployment, Database, CLOCK, MoveDeployment),
    provide(JobQueries, Database),
    provide(RolloutQueries, Database),
    provide(PlanRollout, Database),
    provide(CreateRollout, Database, CLOCK, RolloutQueries),
    provide(ChangeRollout, Database, CLOCK, RolloutQueries),
    provide(CarryOut, DeployRelease),
    provide(RolloutReconciler, Database, CarryOut, CLOCK, LOGGER),
    {
      provide: ReportRetention,
      useFactory: (db: Database, clock: Clock, config: Config) => new ReportRetention(db, clock, config),
      inject: [Database, CLOCK, CONFIG],
    },
    provide(JobReconciler, Database, Calibrations, ReportRetention, CLOCK, LOGGER),
    provide(ApplyJobReport, Calibrations),
    provide(ApplyReport, MoveDeployment, ApplyJobReport),
    provide(TakeReport, Database, ApplyReport, CLOCK, LOGGER),
    {
      provide: Heartbeats,
      useFactory: (db: Database, clock: Clock, config: Config, logger: Logger, messaging: MessagingState) =>
        new Heartbeats(db, clock, config, new SampleRecorder(db.stores.samples, config.sampleMs), logger, () => messaging.connected),
      inject: [Database, CLOCK, CONFIG, LOGGER, MessagingState],
    },
  ],
  exports: [DeploymentQueries, RolloutQueries, TakeReport],
})
export class RolloutModule {}
