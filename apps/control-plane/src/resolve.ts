import type { FleetNode, Line, Model, Release, Site, SlotOverview, Stores } from '@takt/persistence';
import type { Dataset } from '@takt/persistence';
import type { DatasetRole } from '@takt/contracts';
import { asId } from '@takt/kernel';
import type { SlotId } from '@takt/kernel';
import { isUuid } from '@takt/persistence';
import { notFound, refused } from './errors.js';
import { seesSite } from './http/context.js';
import type { RequestContext } from './http/context.js';

/** Names and ids of requests become rows here; what the caller may not see does not exist. */
export async function resolveSite(stores: Stores, ctx: RequestContext, ref: string): Promise<Site> {
  const site = await stores.sites.find(ref);
  if (site === null || !seesSite(ctx, site.id)) throw notFound('site', ref);
  return site;
}

export async function resolveLine(stores: Stores, ctx: RequestContext, ref: string): Promise<Line> {
  const found = (await stores.lines.find(ref)).filter((line) => seesSite(ctx, line.siteId));
  if (found.length > 1) throw refused('AmbiguousName', `${String(found.length)} sites have a line "${ref}"`, 'name it as site/line', ref);
  const [line] = found;
  if (line === undefined) throw notFound('line', ref);
  return line;
}

export async function resolveNode(stores: Stores, ctx: RequestContext, ref: string): Promise<FleetNode> {
  const node = await stores.nodes.find(ref);
  if (node === null || !seesSite(ctx, node.siteId)) throw notFound('node', ref);
  return node;
}

/** By id or `line@node`. */
export async function resolveSlot(stores: Stores, ctx: RequestContext, ref: string): Promise<SlotOverview> {
  const [line, node] = ref.split('@', 2);
  const slot = isUuid(ref)
    ? await stores.slots.findOverview(asId<SlotId>(ref))
    : line === undefined || node === undefined
      ? null
      : await stores.slots.findByNames(line, node);
  if (slot === null || !seesSite(ctx, slot.slot.siteId)) throw notFound('slot', ref);
  return slot;
}

export async function resolveModel(stores: Stores, ref: string): Promise<Model> {
  const model = await stores.content.findModel(ref);
  if (model === null) throw notFound('model', ref);
  return model;
}

export async function resolveDataset(stores: Stores, ref: string, role: DatasetRole): Promise<Dataset> {
  const dataset = await stores.content.findDataset(ref);
  if (dataset === null) throw notFound('dataset', ref);
  if (dataset.role !== role) {
    throw refused(
      'DatasetRoleWrong',
      `data set "${dataset.name}" is pushed as ${dataset.role}, not as ${role}`,
      `push it again with --as ${role}`,
      dataset.name,
    );
  }
  return dataset;
}

export async function resolveRelease(stores: Stores, ref: string): Promise<Release> {
  const release = await stores.releases.find(ref);
  if (release === null) throw notFound('release', ref);
  return release;
}
