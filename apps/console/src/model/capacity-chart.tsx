import type { ModelFigures } from '@takt/contracts';
import { recipeWords } from '@takt/engines';
import type { ReactElement } from 'react';
import { Bar, BarChart, CartesianGrid, LabelList, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import { formatFps } from '../format/numbers.js';
import { AXIS, GRID, LEGEND, TOOLTIP } from '../parts/chart-style.js';
import { useWords } from '../words/words-context.js';
import { RECIPE_LOOK, barsByProfile, recipesIn } from './series.js';

/** Capacity per profile, one bar per recipe. */
export function CapacityChart({ rows }: { rows: ModelFigures['rows'] }): ReactElement {
  const t = useWords();
  const bars = barsByProfile(rows).map(({ profile, capacity }) => ({ profile, ...capacity }));
  const height = Math.max(200, 60 + bars.length * 26 * recipesIn(rows).length);
  return (
    <figure aria-label={t.model.capacityChart} style={{ margin: 0 }}>
      <ResponsiveContainer width="100%" height={height}>
        <BarChart data={bars} layout="vertical" margin={{ top: 6, right: 44, bottom: 0, left: 4 }} barGap={2}>
          <CartesianGrid {...GRID} horizontal={false} vertical />
          <XAxis type="number" {...AXIS} />
          <YAxis type="category" dataKey="profile" width={128} {...AXIS} />
          <Tooltip
            {...TOOLTIP}
            cursor={{ fill: 'var(--takt-raised)' }}
            formatter={(value, name) => [`${typeof value === 'number' ? formatFps(value) : ''} ${t.unit.fps}`, name]}
          />
          <Legend {...LEGEND} />
          {recipesIn(rows).map((recipe) => (
            <Bar
              key={recipe}
              name={recipeWords(recipe)}
              dataKey={recipe}
              fill={RECIPE_LOOK[recipe].fill}
              radius={[0, 3, 3, 0]}
              barSize={18}
              isAnimationActive={false}
            >
              <LabelList
                dataKey={recipe}
                position="right"
                fontSize={12}
                fill="var(--takt-text)"
                formatter={(value) => (typeof value === 'number' ? formatFps(value) : '')}
              />
            </Bar>
          ))}
        </BarChart>
      </ResponsiveContainer>
    </figure>
  );
}
