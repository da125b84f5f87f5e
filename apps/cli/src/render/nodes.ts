import type { NodeView, SlotView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { formatAgo, formatBytes, formatDateTime, NONE } from './figures.js';
import { hardwarePairs } from './hardware.js';
import { joinSections, section } from './sections.js';
import { renderSlotFigures } from './status.js';
import { renderPairs, renderTable } from './table.js';

const onlineWord = (node: NodeView, style: Style): string => (node.online ? style.good('online') : style.bad('offline'));

export function renderNodes(nodes: readonly NodeView[], now: number, style: Style): string {
  if (nodes.length === 0) return 'No node has joined yet. Make a join token with: takt join-token create --site SITE';
  return renderTable<NodeView>(
    [
      { heading: 'Node', value: (node) => node.name },
      { heading: 'Site', value: (node) => node.site },
      { heading: 'State', value: (node) => onlineWord(node, style) },
      { heading: 'Seen', value: (node) => formatAgo(node.lastSeenAt, now) },
      { heading: 'Profile', value: (node) => node.profile?.name ?? NONE },
      { heading: 'Generation', value: (node) => `${String(node.observedGeneration)} of ${String(node.desiredGeneration)}`, align: 'right' },
      { heading: 'Agent RSS (MiB)', value: (node) => node.rssMiB?.toFixed(1) ?? NONE, align: 'right' },
      { heading: 'Agent', value: (node) => node.agentVersion ?? NONE },
    ],
    nodes,
    style,
  );
}

export function renderNode(node: NodeView, slots: readonly SlotView[], now: number, style: Style): string {
  return joinSections(
    renderPairs(
      [
        ['Node', `${node.name} (${node.id})`],
        ['Site', node.site],
        ['State', `${onlineWord(node, style)}, seen ${formatAgo(node.lastSeenAt, now)}`],
        ['Joined', formatDateTime(node.joinedAt)],
        ['Agent', `${node.agentVersion ?? NONE}${node.rssMiB === null ? '' : `, ${formatBytes(node.rssMiB * 1024 * 1024)} resident`}`],
        ['Generation', `${String(node.observedGeneration)} seen of ${String(node.desiredGeneration)} wanted`],
        ['Profile', node.profile === null ? NONE : `${node.profile.name}: ${node.profile.summary}`],
        ['Fingerprint', node.fingerprint ?? NONE],
        ...(node.facts === null ? [] : hardwarePairs(node.facts)),
      ],
      style,
    ),
    section(style.bold('Slots'), renderSlotFigures(slots, style)),
    section(
      style.bold('Conditions'),
      node.conditions.length === 0
        ? ''
        : renderTable(
            [
              { heading: 'Condition', value: (row) => row.type },
              { heading: 'Status', value: (row) => row.status },
              { heading: 'Reason', value: (row) => row.reason },
              { heading: 'Message', value: (row) => row.message },
              { heading: 'Next', value: (row) => row.action ?? NONE },
              { heading: 'Since', value: (row) => formatAgo(row.since, now) },
            ],
            node.conditions,
            style,
          ),
    ),
  );
}
