import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { formatBytes } from '../format/numbers.js';
import { DataTable } from '../parts/data-table.js';
import { Empty } from '../parts/empty.js';
import { To, modelHref } from '../parts/link.js';
import { Loaded } from '../parts/loaded.js';
import { Moment } from '../parts/moment.js';
import { Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';

export function ModelsPage(): ReactElement {
  const t = useWords();
  const models = useQuery(useQueries().models());
  return (
    <Page title={t.model.title}>
      <Panel title={t.model.versions} flush>
        <Loaded query={models}>
          {(list) => (
            <DataTable
              label={t.model.title}
              rows={list}
              keyOf={(model) => model.id}
              empty={<Empty next={t.model.emptyNext}>{t.model.empty}</Empty>}
              columns={[
                {
                  key: 'name',
                  label: t.model.name,
                  render: (model) => (
                    <To href={modelHref(`${model.name}@${model.version}`)}>
                      {model.name}@{model.version}
                    </To>
                  ),
                },
                {
                  key: 'input',
                  label: t.model.input,
                  render: ({ info }) => info.inputs.map((input) => `${input.name} ${input.type} [${input.shape.join(' × ')}]`).join(', '),
                },
                { key: 'opset', label: t.model.opset, numeric: true, render: ({ info }) => info.opset },
                { key: 'size', label: t.model.size, numeric: true, render: ({ artifact }) => formatBytes(artifact.sizeBytes) },
                { key: 'pushed', label: t.model.pushed, tight: true, render: (model) => <Moment at={model.createdAt} /> },
              ]}
            />
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}
