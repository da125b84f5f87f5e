import type { GateDistribution } from '@takt/gates';
import type { ReactElement } from 'react';
import { formatFps, formatMs } from '../format/numbers.js';
import { DataTable } from '../parts/data-table.js';
import { useWords } from '../words/words-context.js';

/** The same distributions in numbers. */
export function DistributionTable({ distributions }: { distributions: readonly GateDistribution[] }): ReactElement {
  const t = useWords();
  return (
    <DataTable
      label={t.gate.distributions}
      rows={distributions.filter(({ frames }) => frames > 0)}
      keyOf={({ group }) => group}
      empty={t.gate.noDistributions}
      columns={[
        { key: 'group', label: t.gate.groupName, render: ({ group }) => t.gate.group[group] },
        { key: 'slots', label: t.node.slots, numeric: true, render: ({ slots }) => slots },
        { key: 'frames', label: t.gate.frames, numeric: true, render: ({ frames }) => frames },
        { key: 'p50', label: `p50, ${t.unit.ms}`, numeric: true, render: ({ p50Ms }) => formatMs(p50Ms) },
        { key: 'p95', label: `p95, ${t.unit.ms}`, numeric: true, render: ({ p95Ms }) => formatMs(p95Ms) },
        { key: 'p99', label: `p99, ${t.unit.ms}`, numeric: true, render: ({ p99Ms }) => formatMs(p99Ms) },
        { key: 'fps', label: t.fleet.fps, numeric: true, render: ({ deliveredFps }) => formatFps(deliveredFps) },
      ]}
    />
  );
}
