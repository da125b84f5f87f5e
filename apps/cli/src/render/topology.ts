import type { LineView, SiteView, SlotView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { shortId } from '../session/resolve-id.js';
import { formatDateTime, formatFps, NONE } from './figures.js';
import { renderPairs, renderTable } from './table.js';

const sourceWords = ({ source }: LineView): string =>
  `${source.dataset === null ? `folder ${source.path ?? NONE}` : `data set ${source.dataset.name}`} at ${String(source.fps)} FPS`;

export function renderSites(sites: readonly SiteView[], style: Style): string {
  if (sites.length === 0) return 'There is no site yet. Make one with: takt sites create NAME';
  return renderTable<SiteView>(
    [
      { heading: 'Site', value: (site) => site.name },
      { heading: 'Made', value: (site) => formatDateTime(site.createdAt) },
      { heading: 'Id', value: (site) => site.id },
    ],
    sites,
    style,
  );
}

export function renderLines(lines: readonly LineView[], style: Style): string {
  if (lines.length === 0) return 'There is no line yet. Make one with: takt lines create SLUG --site SITE …';
  return renderTable<LineView>(
    [
      { heading: 'Line', value: (line) => line.slug },
      { heading: 'Name', value: (line) => line.name },
      { heading: 'Site', value: (line) => line.site },
      { heading: 'Required (FPS)', value: (line) => formatFps(line.requiredFps), align: 'right' },
      { heading: 'Source', value: sourceWords },
    ],
    lines,
    style,
  );
}

export const renderLine = (line: LineView, style: Style): string =>
  renderPairs(
    [
      ['Line', `${line.slug} (${line.id})`],
      ['Name', line.name],
      ['Site', line.site],
      ['Required', `${formatFps(line.requiredFps)} FPS`],
      ['Source', sourceWords(line)],
      ['Made', formatDateTime(line.createdAt)],
    ],
    style,
  );

export function renderSlots(slots: readonly SlotView[], style: Style): string {
  if (slots.length === 0) return 'There is no slot yet. Make one with: takt slots create --line LINE --node NODE --model MODEL';
  return renderTable<SlotView>(
    [
      { heading: 'Id', value: (slot) => shortId(slot.id) },
      { heading: 'Site', value: (slot) => slot.site },
      { heading: 'Line', value: (slot) => slot.line.name },
      { heading: 'Node', value: (slot) => slot.node.name },
      { heading: 'Model', value: (slot) => slot.model },
      { heading: 'Target', value: (slot) => (slot.target === null ? NONE : `${slot.target.release} (${slot.target.state})`) },
      { heading: 'Active', value: (slot) => slot.active?.release ?? NONE },
    ],
    slots,
    style,
  );
}
