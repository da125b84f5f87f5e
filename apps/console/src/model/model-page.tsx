import type { ModelFigures, ModelView } from '@takt/contracts';
import { recipeWords } from '@takt/engines';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { formatAccuracy, formatBytes, formatFps, formatLoss, formatMs } from '../format/numbers.js';
import { DataTable } from '../parts/data-table.js';
import { To, modelHref } from '../parts/link.js';
import { Loaded } from '../parts/loaded.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { Columns, Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';
import { CapacityChart } from './capacity-chart.js';
import { TradeChart } from './trade-chart.js';

/** One model version: what it measured on every kind of box, and its other versions. */
export function ModelPage({ modelRef }: { modelRef: string }): ReactElement {
  const t = useWords();
  const queries = useQueries();
  const figures = useQuery(queries.modelFigures(modelRef));
  const models = useQuery(queries.models());
  const own = models.data?.find((model) => model.id === modelRef || `${model.name}@${model.version}` === modelRef);
  const name = figures.data?.model.name ?? own?.name ?? modelRef;
  const version = figures.data?.model.version ?? own?.version;
  const others = (models.data ?? []).filter((model) => model.name === name);
  return (
    <Page
      title={version === undefined ? modelRef : `${name}@${version}`}
      lead={own === undefined ? <To href="/models">{t.model.title}</To> : <Lead model={own} />}
    >
      <Loaded query={figures}>
        {(found) => (
          <>
            {found.rows.length > 0 && (
              <Columns>
                <Panel title={t.model.chart} note={t.model.chartHelp}>
                  <TradeChart rows={found.rows} />
                </Panel>
                <Panel title={t.model.capacityChart}>
                  <CapacityChart rows={found.rows} />
                </Panel>
              </Columns>
            )}
            <Panel title={t.model.figures} note={t.model.figuresHelp} flush>
              <FigureTable rows={found.rows} />
            </Panel>
          </>
        )}
      </Loaded>
      {others.length > 1 && (
        <Panel title={t.model.versions}>
          <ul style={{ margin: 0, paddingLeft: 18 }}>
            {others.map((model) => (
              <li key={model.id}>
                <To href={modelHref(`${model.name}@${model.version}`)}>
                  {model.name}@{model.version}
                </To>{' '}
                <span className="quiet">
                  <Moment at={model.createdAt} />
                </span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </Page>
  );
}

function Lead({ model }: { model: ModelView }): ReactElement {
  const t = useWords();
  return (
    <>
      <span>{formatBytes(model.artifact.sizeBytes)}</span>
      <span>
        {t.model.opset} {model.info.opset}
      </span>
      <span>{model.info.inputs.map((input) => `${input.name} [${input.shape.join(' × ')}]`).join(', ')}</span>
      <span>
        {t.model.pushed} <Moment at={model.createdAt} />
      </span>
    </>
  );
}

function FigureTable({ rows }: { rows: ModelFigures['rows'] }): ReactElement {
  const t = useWords();
  return (
    <DataTable
      label={t.model.figures}
      rows={rows}
      keyOf={(row) => `${row.profile}:${row.recipe}:${String(row.threads)}`}
      empty={t.model.noFigures}
      columns={[
        { key: 'profile', label: t.model.profile, render: (row) => <span className="code">{row.profile}</span> },
        { key: 'recipe', label: t.model.recipe, render: (row) => `${recipeWords(row.recipe)} · ${t.fleet.threads(row.threads)}` },
        {
          key: 'capacity',
          label: `${t.model.capacity}, ${t.unit.fps}`,
          numeric: true,
          render: (row) => <strong>{formatFps(row.capacityFps)}</strong>,
        },
        {
          key: 'service',
          label: `${t.fleet.service}, ${t.unit.ms}`,
          numeric: true,
          render: (row) => `${formatMs(row.p50Ms)} / ${formatMs(row.p95Ms)}`,
        },
        { key: 'map50', label: `${t.model.map50}, %`, numeric: true, render: (row) => formatAccuracy(row.map50) },
        { key: 'map', label: `${t.model.map}, %`, numeric: true, render: (row) => <strong>{formatAccuracy(row.map50_95)}</strong> },
        { key: 'loss', label: `${t.model.loss}, ${t.unit.points}`, numeric: true, render: (row) => formatLoss(row.dropPoints) },
        {
          key: 'chosen',
          label: t.model.chosen,
          render: (row) => (
            <Mark sign={row.chosenOn > 0 ? { tone: 'ok', icon: 'ok' } : { tone: 'idle', icon: 'idle' }}>
              {row.chosenOn} {t.fleet.ofTotal(row.nodes)}
            </Mark>
          ),
        },
        { key: 'measured', label: t.model.measured, tight: true, render: (row) => <Moment at={row.measuredAt} /> },
      ]}
    />
  );
}
