import type { EntityManager } from 'typeorm';
import { AccessStore } from './access/access-store.js';
import { ContentStore } from './content/content-store.js';
import { DeploymentStore } from './rollout/deployment-store.js';
import { JobStore } from './rollout/job-store.js';
import { ObservedSlotStore } from './rollout/observed-slot-store.js';
import { ReleaseStore } from './rollout/release-store.js';
import { RolloutStore } from './rollout/rollout-store.js';
import { NodeStore } from './topology/node-store.js';
import { SampleStore } from './topology/sample-store.js';
import { LineStore, SiteStore } from './topology/site-store.js';
import { SlotStore } from './topology/slot-store.js';
import { DesiredStore } from './wire/desired-store.js';
import { EventStore } from './wire/event-store.js';
import { ReportStore } from './wire/report-store.js';
import { SettingStore } from './wire/setting-store.js';

/** Every store, over one connection or one transaction. */
export class Stores {
  readonly access: AccessStore;
  readonly sites: SiteStore;
  readonly lines: LineStore;
  readonly nodes: NodeStore;
  readonly slots: SlotStore;
  readonly content: ContentStore;
  readonly releases: ReleaseStore;
  readonly deployments: DeploymentStore;
  readonly jobs: JobStore;
  readonly rollouts: RolloutStore;
  readonly observedSlots: ObservedSlotStore;
  readonly samples: SampleStore;
  readonly reports: ReportStore;
  readonly desired: DesiredStore;
  readonly events: EventStore;
  readonly settings: SettingStore;

  constructor(manager: EntityManager) {
    this.access = new AccessStore(manager);
    this.sites = new SiteStore(manager);
    this.lines = new LineStore(manager);
    this.nodes = new NodeStore(manager);
    this.slots = new SlotStore(manager);
    this.content = new ContentStore(manager);
    this.releases = new ReleaseStore(manager);
    this.deployments = new DeploymentStore(manager);
    this.jobs = new JobStore(manager);
    this.rollouts = new RolloutStore(manager);
    this.observedSlots = new ObservedSlotStore(manager);
    this.samples = new SampleStore(manager);
    this.reports = new ReportStore(manager);
    this.desired = new DesiredStore(manager);
    this.events = new EventStore(manager);
    this.settings = new SettingStore(manager);
  }
}
