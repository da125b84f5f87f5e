import type { ModelFigures } from '@takt/contracts';
import { recipeWords } from '@takt/engines';
import type { ReactElement } from 'react';
import { CartesianGrid, Legend, ResponsiveContainer, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from 'recharts';
import { formatFps } from '../format/numbers.js';
import { AXIS, GRID, LEGEND, TOOLTIP } from '../parts/chart-style.js';
import { useWords } from '../words/words-context.js';
import { RECIPE_LOOK, recipesIn } from './series.js';

/** Speed against accuracy, one point per profile and recipe. */
export function TradeChart({ rows }: { rows: ModelFigures['rows'] }): ReactElement {
  const t = useWords();
  const points = rows.map((row) => ({ ...row, accuracy: row.map50_95 * 100 }));
  return (
    <figure aria-label={`${t.model.chart}. ${t.model.chartHelp}`} style={{ margin: 0 }}>
      <ResponsiveContainer width="100%" height={260}>
        <ScatterChart margin={{ top: 6, right: 16, bottom: 16, left: 4 }}>
          <CartesianGrid {...GRID} vertical />
          <XAxis
            type="number"
            dataKey="capacityFps"
            name={`${t.model.capacity}, ${t.unit.fps}`}
            domain={[0, 'auto']}
            label={{
              value: `${t.model.capacity}, ${t.unit.fps}`,
              position: 'insideBottom',
              offset: -10,
              fontSize: 12,
              fill: 'var(--takt-quiet)',
            }}
            {...AXIS}
          />
          <YAxis
            type="number"
            dataKey="accuracy"
            name={`${t.model.map}, %`}
            domain={[(low: number) => Math.floor(low - 1), (top: number) => Math.ceil(top + 1)]}
            width={52}
            label={{
              value: `${t.model.map}, %`,
              angle: -90,
              position: 'insideLeft',
              dx: 4,
              dy: 50,
              fontSize: 12,
              fill: 'var(--takt-quiet)',
            }}
            {...AXIS}
          />
          <Tooltip {...TOOLTIP} content={PointNote} />
          <Legend {...LEGEND} />
          {recipesIn(rows).map((recipe) => (
            <Scatter
              key={recipe}
              name={recipeWords(recipe)}
              data={points.filter((row) => row.recipe === recipe)}
              fill={RECIPE_LOOK[recipe].fill}
              shape={RECIPE_LOOK[recipe].shape}
              legendType={RECIPE_LOOK[recipe].shape}
              isAnimationActive={false}
            />
          ))}
        </ScatterChart>
      </ResponsiveContainer>
    </figure>
  );
}

type Point = ModelFigures['rows'][number] & { readonly accuracy: number };

function PointNote({ payload }: { payload?: readonly { payload?: unknown }[] }): ReactElement | null {
  const t = useWords();
  const point = payload?.[0]?.payload as Point | undefined;
  if (point === undefined) return null;
  return (
    <div style={TOOLTIP.contentStyle}>
      <strong>{recipeWords(point.recipe)}</strong> · {t.fleet.threads(point.threads)}
      <div className="code">{point.profile}</div>
      <div>
        {formatFps(point.capacityFps)} {t.unit.fps} · {point.accuracy.toFixed(1)} %
      </div>
    </div>
  );
}
