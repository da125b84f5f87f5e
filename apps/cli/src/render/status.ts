import type { SlotView, StatusView } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { renderDeployments } from './deployments.js';
import { formatBytes, formatCount, formatFps, formatMs, NONE } from './figures.js';
import { joinSections, section } from './sections.js';
import { renderTable } from './table.js';

const plural = (count: number, word: string): string => `${String(count)} ${word}${count === 1 ? '' : 's'}`;

/** Live figures per slot. */
export function renderSlotFigures(slots: readonly SlotView[], style: Style): string {
  if (slots.length === 0) return '';
  const fps = (slot: SlotView): string => {
    const text = formatFps(slot.metrics?.deliveredFps);
    const low = slot.metrics?.deliveredFps !== null && slot.metrics !== null && slot.metrics.deliveredFps < slot.requiredFps;
    return low ? style.bad(text) : text;
  };
  return renderTable<SlotView>(
    [
      { heading: 'Site', value: (slot) => slot.site },
      { heading: 'Line', value: (slot) => slot.line.name },
      { heading: 'Node', value: (slot) => slot.node.name },
      { heading: 'Model', value: (slot) => slot.model },
      { heading: 'Release', value: (slot) => slot.active?.release ?? NONE },
      { heading: 'Precision', value: (slot) => slot.serving?.plan?.precision ?? NONE },
      { heading: 'Delivered (FPS)', value: fps, align: 'right' },
      { heading: 'Required (FPS)', value: (slot) => formatFps(slot.requiredFps), align: 'right' },
      { heading: 'p50 (ms)', value: (slot) => formatMs(slot.metrics?.serviceP50Ms), align: 'right' },
      { heading: 'p95 (ms)', value: (slot) => formatMs(slot.metrics?.serviceP95Ms), align: 'right' },
      { heading: 'Dropped', value: (slot) => formatCount(slot.metrics?.framesDropped), align: 'right' },
      { heading: 'Errors', value: (slot) => formatCount(slot.metrics?.errors), align: 'right' },
    ],
    slots,
    style,
  );
}

export function renderStatus(status: StatusView, now: number, style: Style): string {
  const { nodes, jobs, unreferenced } = status;
  const online = `${String(nodes.online)} of ${plural(nodes.total, 'node')} online`;
  const head = [
    nodes.online < nodes.total ? style.bad(online) : online,
    `${plural(jobs.running, 'job')} running, ${String(jobs.queued)} queued`,
    ...(unreferenced.files === 0 ? [] : [`${plural(unreferenced.files, 'unreferenced file')}, ${formatBytes(unreferenced.sizeBytes)}`]),
    `takt ${status.version}`,
  ].join(' · ');
  return joinSections(
    oneLine(head),
    section(style.bold('Slots'), renderSlotFigures(status.slots, style)),
    section(style.bold('Deployments'), renderDeployments(status.deployments, now, style)),
  );
}
