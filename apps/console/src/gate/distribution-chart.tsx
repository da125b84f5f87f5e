import type { GateDistribution } from '@takt/gates';
import { useMemo } from 'react';
import type { ReactElement } from 'react';
import { Area, AreaChart, CartesianGrid, Legend, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatMs, formatPercent } from '../format/numbers.js';
import { AXIS, GRID, LEGEND, MARGIN, TOOLTIP } from '../parts/chart-style.js';
import { useWords } from '../words/words-context.js';
import { GROUPS, overlay } from './overlay.js';
import type { Group } from './overlay.js';

/** The moved nodes are filled, the control boxes are outlines; before is dashed. */
const LOOK: Readonly<Record<Group, { readonly color: string; readonly fill: number; readonly dash?: string }>> = {
  'updated before': { color: 'var(--takt-idle-fill)', fill: 0.22, dash: '5 3' },
  'updated after': { color: 'var(--takt-info-fill)', fill: 0.3 },
  'control before': { color: 'var(--takt-second-fill)', fill: 0, dash: '2 3' },
  'control after': { color: 'var(--takt-second-fill)', fill: 0 },
};

/** Ticks at 1, 2 and 5 of each power of ten inside the range. */
const ticksBetween = (from: number, to: number): number[] =>
  [-2, -1, 0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((step) => step * 10 ** power)).filter((tick) => tick >= from && tick <= to);

export function DistributionChart({ distributions }: { distributions: readonly GateDistribution[] }): ReactElement {
  const t = useWords();
  const rows = useMemo(() => overlay(distributions), [distributions]);
  const present = GROUPS.filter((group) => rows.some((row) => (row[group] ?? 0) > 0));
  if (present.length === 0) return <p className="quiet">{t.gate.noDistributions}</p>;
  const [first, last] = [rows[0]?.fromMs ?? 0, rows.at(-1)?.fromMs ?? 0];
  const marks = distributions.flatMap(({ group, p50Ms: ms }) => (ms === null || ms < first || ms > last ? [] : [{ group, ms }]));
  const ticks = ticksBetween(rows[0]?.fromMs ?? 1, rows.at(-1)?.fromMs ?? 1);
  return (
    <figure aria-label={t.gate.distributions} style={{ margin: 0 }}>
      <figcaption className="quiet" style={{ fontSize: 12.5 }}>
        {t.gate.distributions}, {t.unit.ms}
      </figcaption>
      <ResponsiveContainer width="100%" height={220}>
        <AreaChart data={rows} margin={MARGIN}>
          <CartesianGrid {...GRID} />
          <XAxis
            dataKey="fromMs"
            type="number"
            scale="log"
            domain={['dataMin', 'dataMax']}
            {...(ticks.length >= 3 ? { ticks } : {})}
            tickFormatter={(ms: number) => `${formatMs(ms).replace(/\.0+$/, '')}`}
            {...AXIS}
          />
          <YAxis width={46} tickFormatter={(share: number) => formatPercent(share, 0)} {...AXIS} />
          <Tooltip
            {...TOOLTIP}
            labelFormatter={(ms) => `≥ ${formatMs(Number(ms))} ${t.unit.ms}`}
            formatter={(share, name) => [formatPercent(typeof share === 'number' ? share : null), name]}
          />
          <Legend {...LEGEND} iconType="plainline" />
          {marks.map(({ group, ms }) => (
            <ReferenceLine
              key={group}
              x={ms}
              stroke={LOOK[group].color}
              {...(LOOK[group].dash === undefined ? {} : { strokeDasharray: LOOK[group].dash })}
              {...(group === 'updated after' ? { label: { value: `p50 ${formatMs(ms)}`, position: 'insideTopRight', fontSize: 11 } } : {})}
            />
          ))}
          {present.map((group) => (
            <Area
              key={group}
              name={t.gate.group[group]}
              dataKey={group}
              type="stepAfter"
              stroke={LOOK[group].color}
              strokeWidth={1.7}
              {...(LOOK[group].dash === undefined ? {} : { strokeDasharray: LOOK[group].dash })}
              fill={LOOK[group].color}
              fillOpacity={LOOK[group].fill}
              isAnimationActive={false}
            />
          ))}
        </AreaChart>
      </ResponsiveContainer>
    </figure>
  );
}
