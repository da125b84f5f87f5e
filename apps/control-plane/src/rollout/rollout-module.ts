import { Module } from '@nestjs/common';
import type { Clock, Logger } from '@takt/kernel';
import { Database } from '@takt/persistence';
import type { Pauses } from '../boot/pauses.js';
import { CLOCK, CONFIG, LOGGER, PAUSES, provide } from '../boot/tokens.js';
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
    {
      provide: RolloutReconciler,
      useFactory: (db: Database, carryOut: CarryOut, clock: Clock, logger: Logger, pauses: Pauses) =>
        new RolloutReconciler(db, carryOut, clock, logger, pauses.rollouts),
      inject: [Database, CarryOut, CLOCK, LOGGER, PAUSES],
    },
    {
      provide: ReportRetention,
      useFactory: (db: Database, clock: Clock, config: Config) => new ReportRetention(db, clock, config),
      inject: [Database, CLOCK, CONFIG],
    },
    {
      provide: JobReconciler,
      useFactory: (db: Database, of: Calibrations, old: ReportRetention, clock: Clock, logger: Logger, pauses: Pauses) =>
        new JobReconciler(db, of, old, clock, logger, pauses.jobs),
      inject: [Database, Calibrations, ReportRetention, CLOCK, LOGGER, PAUSES],
    },
    provide(ApplyJobReport, Calibrations),
    provide(ApplyReport, MoveDeployment, ApplyJobReport),
    provide(TakeReport, Database, ApplyReport, CLOCK, LOGGER),
    {
      provide: Heartbeats,
      useFactory: (db: Database, clock: Clock, config: Config, logger: Logger, messaging: MessagingState, pauses: Pauses) => {
        const samples = new SampleRecorder(db.stores.samples, config.sampleMs);
        return new Heartbeats(db, clock, config, samples, logger, () => messaging.connected, pauses.heartbeats);
      },
      inject: [Database, CLOCK, CONFIG, LOGGER, MessagingState, PAUSES],
    },
  ],
  exports: [DeploymentQueries, RolloutQueries, TakeReport],
})
export class RolloutModule {}
