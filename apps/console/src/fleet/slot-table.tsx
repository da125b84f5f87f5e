import type { DeploymentView, JobView, SlotView } from '@takt/contracts';
import { recipeWords } from '@takt/engines';
import { isTerminal } from '@takt/rollout';
import type { ReactElement } from 'react';
import { formatMs, formatPercent, formatSeconds } from '../format/numbers.js';
import { useLiveSlot } from '../live/live-context.js';
import { DataTable } from '../parts/data-table.js';
import type { Column } from '../parts/data-table.js';
import { To, nodeHref, rolloutHref } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { DEPLOYMENT_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import type { Words } from '../words/en.js';
import { Rate } from './rate.js';
import { slotLive } from './slot-live.js';

export interface SlotRow {
  readonly slot: SlotView;
  readonly nodeOnline: boolean;
  /** The one that moves the slot now. */
  readonly open: DeploymentView | undefined;
  readonly job: JobView | undefined;
}

/** Joins slots with what moves them. */
export function slotRows(
  slots: readonly SlotView[],
  parts: { online: ReadonlySet<string>; deployments: readonly DeploymentView[]; jobs: readonly JobView[] },
): SlotRow[] {
  return slots.map((slot) => {
    const open = parts.deployments.find((deployment) => deployment.slotId === slot.id && !isTerminal(deployment.state));
    return {
      slot,
      nodeOnline: parts.online.has(slot.node.id),
      open,
      job: open === undefined ? undefined : parts.jobs.find((job) => job.id === open.buildJobId || job.deploymentId === open.id),
    };
  });
}

export function SlotTable({ label, rows, of }: { label: string; rows: readonly SlotRow[]; of: 'site' | 'node' }): ReactElement {
  const t = useWords();
  const columns: Column<SlotRow>[] = [
    { key: 'line', label: t.fleet.line, width: '11%', render: ({ slot }) => <span style={{ fontWeight: 500 }}>{slot.line.name}</span> },
    ...(of === 'site' ? [{ key: 'node', label: t.fleet.node, width: '19%', render: (row: SlotRow) => <NodeCell row={row} /> }] : []),
    { key: 'fps', label: t.fleet.fps, width: '16%', render: (row) => <RateCell row={row} /> },
    { key: 'service', label: t.fleet.service, width: '13%', tight: true, render: (row) => <ServiceCell row={row} /> },
    { key: 'engine', label: t.fleet.engine, width: '12%', render: ({ slot }) => engineWords(slot, t) },
    {
      key: 'release',
      label: t.fleet.release,
      width: '11%',
      render: ({ slot }) => slot.active?.release ?? <span className="quiet">{t.data.none}</span>,
    },
    { key: 'doing', label: t.fleet.doing, width: '18%', render: (row) => <Doing row={row} /> },
  ];
  return <DataTable label={label} columns={columns} rows={rows} keyOf={({ slot }) => slot.id} empty={t.fleet.noSlots} pageSize={50} />;
}

const engineWords = (slot: SlotView, t: Words): string => {
  const plan = slot.serving?.plan;
  return plan === undefined || plan === null ? t.data.none : `${recipeWords(plan.recipe)} · ${t.fleet.threads(plan.threads.intraOp)}`;
};

function NodeCell({ row }: { row: SlotRow }): ReactElement {
  const t = useWords();
  const online = useLiveSlot(row.slot.id)?.online ?? row.nodeOnline;
  return (
    <span style={{ display: 'inline-flex', flexWrap: 'wrap', gap: '2px 8px' }}>
      <To href={nodeHref(row.slot.node.name)}>{row.slot.node.name}</To>
      {!online && <Mark sign={{ tone: 'bad', icon: 'off' }}>{t.node.offline}</Mark>}
    </span>
  );
}

function RateCell({ row }: { row: SlotRow }): ReactElement {
  const live = slotLive(row.slot, useLiveSlot(row.slot.id), row.nodeOnline);
  return <Rate delivered={live.deliveredFps} required={row.slot.requiredFps} old={!live.online} />;
}

function ServiceCell({ row }: { row: SlotRow }): ReactElement {
  const t = useWords();
  const live = useLiveSlot(row.slot.id);
  const metrics = live === undefined ? row.slot.metrics : live.metrics;
  if (metrics === null || metrics.serviceP50Ms === null) return <span className="quiet">{t.data.unknown}</span>;
  return (
    <>
      {formatMs(metrics.serviceP50Ms)} / {formatMs(metrics.serviceP95Ms)} <span className="quiet">{t.unit.ms}</span>
    </>
  );
}

function Doing({ row: { slot, open, job } }: { row: SlotRow }): ReactElement {
  const t = useWords();
  if (open !== undefined) {
    const eta = job?.etaSeconds;
    return (
      <span style={{ display: 'grid' }}>
        <Mark sign={DEPLOYMENT_SIGNS[open.state]}>
          {t.deployment[open.state]}
          {job !== undefined && ` · ${formatPercent(job.progress, 0)}`}
          {eta !== undefined && eta !== null && ` · ${formatSeconds(eta)}`}
        </Mark>
        <span className="quiet" style={{ fontSize: 12 }}>
          {open.release.name}
          {open.rollout !== null && (
            <>
              {' · '}
              <To href={rolloutHref(open.rollout.name)}>{open.rollout.name}</To>
            </>
          )}
        </span>
      </span>
    );
  }
  if (slot.serving?.deploymentId !== undefined && slot.serving.deploymentId !== null)
    return <Mark sign={{ tone: 'ok', icon: 'ok' }}>{t.fleet.stable}</Mark>;
  return <Mark sign={{ tone: 'idle', icon: 'idle' }}>{t.fleet.nothing}</Mark>;
}
