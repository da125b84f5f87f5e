import type { DeploymentView } from '@takt/contracts';
import type { ReactElement } from 'react';
import { DataTable } from '../parts/data-table.js';
import { To, rolloutHref } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { Moment } from '../parts/moment.js';
import { DEPLOYMENT_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';

export function DeploymentTable({ deployments }: { deployments: readonly DeploymentView[] }): ReactElement {
  const t = useWords();
  return (
    <DataTable
      label={t.node.history}
      rows={deployments}
      keyOf={(deployment) => deployment.id}
      empty={t.node.noHistory}
      pageSize={20}
      columns={[
        {
          key: 'state',
          label: t.node.state,
          render: (deployment) => <Mark sign={DEPLOYMENT_SIGNS[deployment.state]}>{t.deployment[deployment.state]}</Mark>,
        },
        { key: 'release', label: t.fleet.release, render: (deployment) => deployment.release.name },
        { key: 'line', label: t.fleet.line, tight: true, render: (deployment) => deployment.line.name },
        {
          key: 'rollout',
          label: t.node.rollout,
          render: ({ rollout }) =>
            rollout === null ? <span className="quiet">{t.data.none}</span> : <To href={rolloutHref(rollout.name)}>{rollout.name}</To>,
        },
        { key: 'started', label: t.node.started, tight: true, render: (deployment) => <Moment at={deployment.createdAt} /> },
        {
          key: 'ended',
          label: t.node.ended,
          tight: true,
          render: ({ endedAt }) => (endedAt === null ? <span className="quiet">{t.data.none}</span> : <Moment at={endedAt} />),
        },
        { key: 'by', label: t.node.by, render: (deployment) => <span className="code">{deployment.createdBy}</span> },
        {
          key: 'reason',
          label: t.node.reason,
          render: (deployment) => (
            <>
              {deployment.reason !== null && <span className="code">{deployment.reason}</span>} {deployment.message}
            </>
          ),
        },
      ]}
    />
  );
}
