import type { LineView, NodeView, SlotView } from '@takt/contracts';
import { describe, expect, it } from 'vitest';
import { filterTree, fleetTree } from './fleet-tree.js';

const node = (name: string, site: string, online = true): NodeView => ({ id: name, name, site, online }) as unknown as NodeView;
const line = (name: string, site: string): LineView => ({ id: `${site}/${name}`, name, site, requiredFps: 20 }) as unknown as LineView;
const slot = (site: string, lineName: string, nodeName: string, release = 'r1'): SlotView =>
  ({
    id: `${lineName}/${nodeName}`,
    site,
    line: { id: `${site}/${lineName}`, name: lineName },
    node: { id: nodeName, name: nodeName },
    model: 'surface',
    requiredFps: 20,
    active: { release },
    target: null,
  }) as unknown as SlotView;

const tree = fleetTree({
  sites: ['south', 'empty'],
  lines: [line('press 10', 'north'), line('press 2', 'north'), line('saw', 'south')],
  nodes: [node('box-1', 'north'), node('box-2', 'north', false), node('spare', 'north'), node('box-3', 'south')],
  slots: [slot('north', 'press 10', 'box-2'), slot('north', 'press 10', 'box-1', 'r2'), slot('south', 'saw', 'box-3')],
});

describe('fleetTree', () => {
  it('orders by name as people count, and keeps sites without anything', () => {
    expect(tree.map(({ name }) => name)).toEqual(['empty', 'north', 'south']);
    expect(tree[1]?.lines.map(({ name }) => name)).toEqual(['press 2', 'press 10']);
    expect(tree[1]?.lines[1]?.slots.map((each) => each.node.name)).toEqual(['box-1', 'box-2']);
  });

  it('counts nodes and names those without a line', () => {
    expect(tree[1]).toMatchObject({ nodes: 3, online: 2 });
    expect(tree[1]?.idleNodes.map(({ name }) => name)).toEqual(['spare']);
  });
});

describe('filterTree', () => {
  const found = (search: string): string[] =>
    filterTree(tree, search).flatMap((site) => [
      ...site.lines.flatMap((each) => each.slots.map((one) => one.id)),
      ...site.idleNodes.map(({ name }) => name),
    ]);

  it.each([
    ['', ['press 10/box-1', 'press 10/box-2', 'spare', 'saw/box-3']],
    ['SOUTH', ['saw/box-3']],
    ['press 10', ['press 10/box-1', 'press 10/box-2']],
    [' box-2 ', ['press 10/box-2']],
    ['r2', ['press 10/box-1']],
    ['spare', ['spare']],
    ['nothing', []],
  ])('finds %j', (search, wanted) => {
    expect(found(search)).toEqual(wanted);
  });
});
