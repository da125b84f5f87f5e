import type { SlotSamples as SlotSamplesView, sampleQuerySchema } from '@takt/contracts';
import type { Clock } from '@takt/kernel';
import type { Database } from '@takt/persistence';
import type { z } from 'zod';
import type { RequestContext } from '../http/context.js';
import { resolveSlot } from '../resolve.js';
import { slotPoints } from '../figures/slot-points.js';

/** Newest deployments of a slot that are looked through for marks. */
const DEPLOYMENTS = 200;

/** FPS and service time of a slot over time, from the kept readings of its counters. */
export class SlotSamples {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, ref: string, query: z.output<typeof sampleQuerySchema>): Promise<SlotSamplesView> {
    const { stores } = this.db;
    const { slot, requiredFps } = await resolveSlot(stores, ctx, ref);
    const to = this.clock.now();
    const from = to - query.minutes * 60_000;
    const [readings, deployments] = await Promise.all([
      stores.samples.thinned(slot.id, new Date(from), new Date(to), (to - from) / query.points),
      stores.deployments.overview({ slotId: slot.id, limit: DEPLOYMENTS }, ctx.siteScope),
    ]);
    const marks = deployments.flatMap(({ deployment, releaseName }) =>
      deployment.endedAt !== null && deployment.endedAt.getTime() >= from
        ? [{ at: deployment.endedAt.toISOString(), deploymentId: deployment.id, release: releaseName, state: deployment.state }]
        : [],
    );
    return {
      slotId: slot.id,
      requiredFps,
      points: slotPoints(readings, { from, to, points: query.points }),
      marks: marks.sort((a, b) => a.at.localeCompare(b.at)),
    };
  }
}
