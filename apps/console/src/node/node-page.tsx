import type { DeploymentView, NodeView, StatusView } from '@takt/contracts';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { SlotTable, slotRows } from '../fleet/slot-table.js';
import { Loaded } from '../parts/loaded.js';
import { To } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { Columns, Page } from '../parts/page.js';
import { Panel } from '../parts/panel.js';
import { useWords } from '../words/words-context.js';
import { ExplanationView } from '../parts/explanation.js';
import { CandidatesPanel } from './candidates-panel.js';
import { Conditions } from './conditions.js';
import { DeploymentTable } from './deployment-table.js';
import { Hardware } from './hardware.js';
import { OverTime } from './over-time.js';

export function NodePage({ nodeRef }: { nodeRef: string }): ReactElement {
  const t = useWords();
  const queries = useQueries();
  const node = useQuery(queries.node(nodeRef));
  const status = useQuery(queries.status());
  const deployments = useQuery(queries.deploymentsOfNode(nodeRef));
  const title = node.data?.name ?? nodeRef;
  return (
    <Page title={title} lead={node.data === undefined ? <To href="/">{t.app.fleet}</To> : <Lead node={node.data} />}>
      <Loaded query={node}>
        {(found) => (
          <>
            <Why nodeRef={found.name} />
            <Loaded query={status}>{(given) => <Slots node={found} status={given} />}</Loaded>
            <Columns>
              <Panel title={t.node.profile} note={found.profile?.summary}>
                <Hardware node={found} />
              </Panel>
              <Panel title={t.node.conditions} flush>
                <Conditions conditions={found.conditions} />
              </Panel>
            </Columns>
            <Loaded query={deployments}>{(list) => <Deployments list={list} />}</Loaded>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Lead({ node }: { node: NodeView }): ReactElement {
  const t = useWords();
  return (
    <>
      {node.online ? (
        <Mark sign={{ tone: 'ok', icon: 'ok' }} loud>
          {t.node.online}
        </Mark>
      ) : (
        <Mark sign={{ tone: 'bad', icon: 'off' }} loud>
          {t.node.offline}
        </Mark>
      )}
      <span>
        {t.fleet.site} {node.site}
      </span>
      <span>
        {t.node.lastSeen} <Moment at={node.lastSeenAt} />
      </span>
      <span>
        {t.node.generation} {node.desiredGeneration} / {node.observedGeneration}
      </span>
    </>
  );
}

function Why({ nodeRef }: { nodeRef: string }): ReactElement {
  const t = useWords();
  const explanation = useQuery(useQueries().explainNode(nodeRef));
  return (
    <Panel title={t.node.why}>
      <Loaded query={explanation}>{(found) => <ExplanationView explanation={found} />}</Loaded>
    </Panel>
  );
}

function Slots({ node, status }: { node: NodeView; status: StatusView }): ReactElement {
  const t = useWords();
  const jobs = useQuery(useQueries().runningJobs());
  const own = status.slots.filter((slot) => slot.node.id === node.id);
  const rows = slotRows(own, {
    online: new Set(node.online ? [node.id] : []),
    deployments: status.deployments,
    jobs: jobs.data ?? [],
  });
  return (
    <>
      <Panel title={t.node.slots} flush>
        <SlotTable label={t.node.slots} rows={rows} of="node" />
      </Panel>
      {own.map((slot) => (
        <OverTime key={slot.id} slot={slot} />
      ))}
    </>
  );
}

function Deployments({ list }: { list: readonly DeploymentView[] }): ReactElement {
  const t = useWords();
  return (
    <>
      <CandidatesPanel deployments={list} />
      <Panel title={t.node.history} flush>
        <DeploymentTable deployments={list} />
      </Panel>
    </>
  );
}
