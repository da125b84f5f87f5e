import { SegmentedControl } from '@mantine/core';
import type { SlotSamples, SlotView } from '@takt/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { ReactElement } from 'react';
import { Area, CartesianGrid, ComposedChart, Legend, Line, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { AXIS, GRID, LEGEND, MARGIN, TOOLTIP } from '../parts/chart-style.js';
import { useQueries } from '../data/queries.js';
import { formatFps, formatMs } from '../format/numbers.js';
import { absoluteTime, clockTime } from '../format/times.js';
import { Loaded } from '../parts/loaded.js';
import { Panel } from '../parts/panel.js';
import { useSpeech, useWords } from '../words/words-context.js';
import { curveOf } from './curve.js';
import classes from './over-time.module.css';

const RANGES = [15, 60, 360, 1440, 7 * 1440] as const;

export function OverTime({ slot }: { slot: SlotView }): ReactElement {
  const t = useWords();
  const [minutes, setMinutes] = useState<number>(15);
  const samples = useQuery({ ...useQueries().samples(slot.id, minutes), placeholderData: keepPreviousData });
  return (
    <Panel
      title={`${slot.line.name} · ${t.node.overTime}`}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t.node.range}
          value={String(minutes)}
          onChange={(value) => setMinutes(Number(value))}
          data={RANGES.map((range) => ({ value: String(range), label: t.node.minutes(range) }))}
        />
      }
    >
      <Loaded query={samples}>
        {(found) => (found.points.length === 0 ? <p className="quiet">{t.node.noSamples}</p> : <Charts samples={found} slotId={slot.id} />)}
      </Loaded>
    </Panel>
  );
}

function Charts({ samples, slotId }: { samples: SlotSamples; slotId: string }): ReactElement {
  const { t, tag } = useSpeech();
  const curve = useMemo(() => curveOf(samples.points), [samples.points]);
  const marks = samples.marks.map((mark) => ({ ...mark, time: Date.parse(mark.at) }));
  const seconds = (curve.at(-1)?.time ?? 0) - (curve[0]?.time ?? 0) < 10 * 60_000;
  const axis = (
    <XAxis
      dataKey="time"
      type="number"
      scale="time"
      domain={['dataMin', 'dataMax']}
      tickFormatter={(time: number) => clockTime(time, tag, seconds)}
      minTickGap={40}
      {...AXIS}
    />
  );
  const lines = marks.map((mark) => (
    <ReferenceLine
      key={`${mark.deploymentId}:${mark.at}`}
      x={mark.time}
      stroke="var(--takt-second-fill)"
      strokeDasharray="2 3"
      label={{ value: mark.release, position: 'insideTopLeft', fontSize: 11, fill: 'var(--takt-second)' }}
    />
  ));
  const tooltip = (
    <Tooltip
      {...TOOLTIP}
      labelFormatter={(time) => absoluteTime(Number(time), tag)}
      formatter={(value, name) => [formatOf(name, value), name]}
    />
  );
  return (
    <div className={classes['charts']}>
      <figure aria-label={t.node.fpsChart}>
        <figcaption>{t.fleet.fps}</figcaption>
        <ResponsiveContainer width="100%" height={210}>
          <ComposedChart data={curve} syncId={slotId} margin={MARGIN}>
            <CartesianGrid {...GRID} />
            {axis}
            <YAxis domain={[0, (top: number) => Math.ceil(Math.max(top, samples.requiredFps) * 1.15)]} width={38} {...AXIS} />
            {tooltip}
            {samples.requiredFps > 0 && (
              <ReferenceLine
                y={samples.requiredFps}
                stroke="var(--takt-bad-fill)"
                strokeDasharray="6 4"
                label={{
                  value: `${t.node.requiredRate} ${formatFps(samples.requiredFps)}`,
                  position: 'insideTopRight',
                  fontSize: 11,
                  fill: 'var(--takt-bad)',
                }}
              />
            )}
            {lines}
            <Area
              name={`${t.node.delivered}, ${t.unit.fps}`}
              dataKey="fps"
              stroke="var(--takt-info-fill)"
              fill="var(--takt-info-fill)"
              fillOpacity={0.14}
              strokeWidth={1.8}
              dot={false}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
      </figure>
      <figure aria-label={t.node.latencyChart}>
        <figcaption>
          {t.fleet.service}, {t.unit.ms}
        </figcaption>
        <ResponsiveContainer width="100%" height={210}>
          <ComposedChart data={curve} syncId={slotId} margin={MARGIN}>
            <CartesianGrid {...GRID} />
            {axis}
            <YAxis domain={[0, 'auto']} width={38} {...AXIS} />
            {tooltip}
            <Legend {...LEGEND} iconType="plainline" />
            {lines}
            <Line
              name={`p95, ${t.unit.ms}`}
              dataKey="p95"
              stroke="var(--takt-warn-fill)"
              strokeDasharray="5 3"
              strokeWidth={1.6}
              dot={false}
              isAnimationActive={false}
            />
            <Line
              name={`p50, ${t.unit.ms}`}
              dataKey="p50"
              stroke="var(--takt-info-fill)"
              strokeWidth={1.8}
              dot={false}
              isAnimationActive={false}
            />
          </ComposedChart>
        </ResponsiveContainer>
      </figure>
    </div>
  );
}

const formatOf = (name: unknown, value: unknown): string =>
  typeof value !== 'number' ? '' : String(name).startsWith('p') ? formatMs(value) : formatFps(value);
