import type { LineView, NodeView, SlotView } from '@takt/contracts';

export interface FleetLine {
  readonly id: string;
  readonly name: string;
  readonly requiredFps: number;
  readonly slots: readonly SlotView[];
}

export interface FleetSite {
  readonly name: string;
  readonly lines: readonly FleetLine[];
  /** Nodes of the site that serve no line. */
  readonly idleNodes: readonly NodeView[];
  readonly nodes: number;
  readonly online: number;
}

export interface FleetInput {
  readonly sites: readonly string[];
  readonly lines: readonly LineView[];
  readonly nodes: readonly NodeView[];
  readonly slots: readonly SlotView[];
}

const byName = <T extends { readonly name: string }>(a: T, b: T): number => a.name.localeCompare(b.name, undefined, { numeric: true });

/** Sites → lines → slots, each in the order of its name; what another list does not know is still shown. */
export function fleetTree({ sites, lines, nodes, slots }: FleetInput): FleetSite[] {
  const names = new Set([...sites, ...lines.map(({ site }) => site), ...nodes.map(({ site }) => site), ...slots.map(({ site }) => site)]);
  const serving = new Set(slots.map((slot) => slot.node.id));
  return [...names]
    .map((name): FleetSite => {
      const own = nodes.filter((node) => node.site === name);
      const found = new Map<string, { id: string; name: string; requiredFps: number; slots: SlotView[] }>();
      for (const line of lines.filter(({ site }) => site === name)) {
        found.set(line.id, { id: line.id, name: line.name, requiredFps: line.requiredFps, slots: [] });
      }
      for (const slot of slots.filter(({ site }) => site === name)) {
        const line = found.get(slot.line.id) ?? { id: slot.line.id, name: slot.line.name, requiredFps: slot.requiredFps, slots: [] };
        line.slots.push(slot);
        found.set(line.id, line);
      }
      return {
        name,
        lines: [...found.values()]
          .map((line) => ({ ...line, slots: line.slots.sort((a, b) => byName(a.node, b.node) || a.model.localeCompare(b.model)) }))
          .sort(byName),
        idleNodes: own.filter((node) => !serving.has(node.id)).sort(byName),
        nodes: own.length,
        online: own.filter((node) => node.online).length,
      };
    })
    .sort(byName);
}

/** Keeps what matches: a site or line that matches keeps all below it. */
export function filterTree(tree: readonly FleetSite[], search: string): FleetSite[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return [...tree];
  const has = (text: string | undefined): boolean => text?.toLowerCase().includes(wanted) === true;
  return tree.flatMap((site) => {
    if (has(site.name)) return [site];
    const lines = site.lines.flatMap((line) => {
      if (has(line.name)) return [line];
      const slots = line.slots.filter(
        (slot) => has(slot.node.name) || has(slot.model) || has(slot.active?.release) || has(slot.target?.release),
      );
      return slots.length === 0 ? [] : [{ ...line, slots }];
    });
    const idleNodes = site.idleNodes.filter((node) => has(node.name));
    return lines.length + idleNodes.length === 0 ? [] : [{ ...site, lines, idleNodes }];
  });
}
