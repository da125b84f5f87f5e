import type { DeploymentDetail, DeploymentView } from '@takt/contracts';
import { recipeWords } from '@takt/engines';
import { useQuery } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { useQueries } from '../data/queries.js';
import { formatAccuracy, formatBytes, formatFps, formatLoss, formatMs } from '../format/numbers.js';
import { DataTable } from '../parts/data-table.js';
import { Loaded } from '../parts/loaded.js';
import { Mark } from '../parts/mark.js';
import { Panel } from '../parts/panel.js';
import type { Sign } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';

const SIGNS: Readonly<Record<'chosen' | 'accepted' | 'rejected', Sign>> = {
  chosen: { tone: 'ok', icon: 'ok' },
  accepted: { tone: 'info', icon: 'idle' },
  rejected: { tone: 'bad', icon: 'bad' },
};

/** The newest deployment that got as far as a plan: its build is the newest that ended. */
const newestBuilt = (deployments: readonly DeploymentView[]): DeploymentView | undefined =>
  deployments.find((deployment) => deployment.plan !== null && deployment.revertOf === null) ??
  deployments.find(({ plan }) => plan !== null);

export function CandidatesPanel({ deployments }: { deployments: readonly DeploymentView[] }): ReactElement {
  const t = useWords();
  const newest = newestBuilt(deployments);
  return (
    <Panel
      title={t.node.candidates}
      note={newest === undefined ? t.node.candidatesHelp : `${newest.release.name} · ${t.node.candidatesHelp}`}
      flush
    >
      {newest === undefined ? (
        <p className="quiet" style={{ padding: '0 16px' }}>
          {t.node.noCandidates}
        </p>
      ) : (
        <Candidates id={newest.id} />
      )}
    </Panel>
  );
}

function Candidates({ id }: { id: string }): ReactElement {
  return <Loaded query={useQuery(useQueries().deployment(id))}>{(detail) => <CandidateTable detail={detail} />}</Loaded>;
}

function CandidateTable({ detail }: { detail: DeploymentDetail }): ReactElement {
  const t = useWords();
  const result = detail.build?.result;
  const candidates = result?.kind === 'build' ? result.candidates : [];
  return (
    <DataTable
      label={t.node.candidates}
      rows={candidates}
      keyOf={(candidate) => `${candidate.recipe}:${String(candidate.threads.intraOp)}:${String(candidate.threads.spin)}`}
      empty={t.node.noCandidates}
      columns={[
        {
          key: 'verdict',
          label: t.node.verdict,
          render: (candidate) => <Mark sign={SIGNS[candidate.verdict]}>{t.node.verdicts[candidate.verdict]}</Mark>,
        },
        {
          key: 'recipe',
          label: t.node.recipe,
          render: (candidate) => (
            <>
              {recipeWords(candidate.recipe)} · {t.fleet.threads(candidate.threads.intraOp)}
            </>
          ),
        },
        {
          key: 'service',
          label: `${t.fleet.service}, ${t.unit.ms}`,
          numeric: true,
          render: ({ speed }) => `${formatMs(speed.p50Ms)} / ${formatMs(speed.p95Ms)}`,
        },
        {
          key: 'capacity',
          label: `${t.node.capacity}, ${t.unit.fps}`,
          numeric: true,
          render: ({ speed }) => formatFps(speed.capacityFps),
        },
        {
          key: 'accuracy',
          label: `${t.node.accuracy}, ${t.unit.percent}`,
          numeric: true,
          render: ({ accuracy }) => formatAccuracy(accuracy.map50_95),
        },
        { key: 'drop', label: `${t.node.drop}, ${t.unit.points}`, numeric: true, render: ({ dropPoints }) => formatLoss(dropPoints) },
        { key: 'size', label: t.node.size, numeric: true, render: ({ artifactBytes }) => formatBytes(artifactBytes) },
        { key: 'reason', label: t.node.reason, render: ({ reason }) => <span className="quiet">{reason}</span> },
      ]}
    />
  );
}
