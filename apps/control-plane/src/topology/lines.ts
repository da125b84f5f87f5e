import { randomUUID } from 'node:crypto';
import type { LineView, createLineSchema, sourceInputSchema, updateLineSchema } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { Clock, LineId } from '@takt/kernel';
import type { Database, Line, LineSource, Stores } from '@takt/persistence';
import type { z } from 'zod';
import type { RefreshDesired } from '../desired/refresh-desired.js';
import { alreadyExists, refused } from '../errors.js';
import type { RequestContext } from '../http/context.js';
import { record } from '../record.js';
import { resolveDataset, resolveLine, resolveSite } from '../resolve.js';

async function toSource(stores: Stores, input: z.output<typeof sourceInputSchema>): Promise<LineSource> {
  const dataset = input.dataset === undefined ? null : await resolveDataset(stores, input.dataset, 'frames');
  return { kind: input.kind, path: input.path ?? null, datasetId: dataset?.id ?? null, fps: input.fps };
}

const isSameSource = (a: LineSource, b: LineSource): boolean =>
  a.kind === b.kind && a.path === b.path && a.datasetId === b.datasetId && a.fps === b.fps;

/** Nothing delivers more results than it gets frames: every release would fail its check for ever. */
function checkRate(slug: string, requiredFps: number, sourceFps: number): void {
  if (requiredFps <= sourceFps) return;
  throw refused(
    'RequiredFpsAboveSource',
    `line ${slug} needs ${String(requiredFps)} results per second, its source gives ${String(sourceFps)} frames`,
    'lower requiredFps, or raise fps of the source',
    slug,
  );
}

async function toView(stores: Stores, line: Line): Promise<LineView> {
  const [site] = await stores.sites.list([line.siteId]);
  const dataset = line.source.datasetId === null ? null : await stores.content.findDataset(line.source.datasetId);
  return {
    id: line.id,
    site: site?.name ?? line.siteId,
    slug: line.slug,
    name: line.name,
    requiredFps: line.requiredFps,
    source: {
      kind: line.source.kind,
      path: line.source.path,
      dataset: dataset === null ? null : { id: dataset.id, name: dataset.name },
      fps: line.source.fps,
    },
    createdAt: line.createdAt.toISOString(),
  };
}

export class LineQueries {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<LineView[]> {
    const lines = await this.db.stores.lines.list(ctx.siteScope);
    return Promise.all(lines.map((line) => toView(this.db.stores, line)));
  }

  async get(ctx: RequestContext, ref: string): Promise<LineView> {
    return toView(this.db.stores, await resolveLine(this.db.stores, ctx, ref));
  }
}

export class CreateLine {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  async execute(ctx: RequestContext, input: z.output<typeof createLineSchema>): Promise<LineView> {
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      const site = await resolveSite(stores, ctx, input.site);
      if ((await stores.lines.find(`${site.name}/${input.slug}`)).length > 0) throw alreadyExists('line', `${site.name}/${input.slug}`);
      checkRate(input.slug, input.requiredFps, input.source.fps);
      const line: Line = {
        id: asId<LineId>(randomUUID()),
        siteId: site.id,
        slug: input.slug,
        name: input.name ?? input.slug,
        requiredFps: input.requiredFps,
        source: await toSource(stores, input.source),
        sourceSince: now,
        createdAt: now,
      };
      await stores.lines.add(line);
      record(stores, ctx.actor, now, {
        code: 'LineCreated',
        message: `${ctx.actor} made line ${line.slug} at site ${site.name}`,
        object: { kind: 'line', id: line.id, name: line.slug },
        siteId: site.id,
        data: { requiredFps: line.requiredFps },
      });
      return toView(stores, line);
    });
  }
}

export class UpdateLine {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly refresh: RefreshDesired,
  ) {}

  async execute(ctx: RequestContext, ref: string, input: z.output<typeof updateLineSchema>): Promise<LineView> {
    const now = new Date(this.clock.now());
    return this.db.transaction(async (stores) => {
      const line = await resolveLine(stores, ctx, ref);
      checkRate(line.slug, input.requiredFps ?? line.requiredFps, input.source?.fps ?? line.source.fps);
      const source = input.source === undefined ? line.source : await toSource(stores, input.source);
      await stores.lines.update(line.id, {
        ...(input.name === undefined ? {} : { name: input.name }),
        ...(input.requiredFps === undefined ? {} : { requiredFps: input.requiredFps }),
        // A gate does not compare what was measured on one source with what is measured on another.
        ...(isSameSource(source, line.source) ? {} : { source, sourceSince: now }),
      });
      const served = await stores.slots.ofLine(line.id);
      await this.refresh.nodes(
        stores,
        served.map((slot) => slot.nodeId),
        now,
      );
      record(stores, ctx.actor, now, {
        code: 'LineChanged',
        message: `${ctx.actor} changed line ${line.slug}`,
        object: { kind: 'line', id: line.id, name: line.slug },
        siteId: line.siteId,
        data: { ...input },
      });
      return toView(stores, await resolveLine(stores, ctx, line.id));
    });
  }
}
