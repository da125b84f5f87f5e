import { Chip } from '@mantine/core';
import type { RolloutDetail, RolloutMemberView } from '@takt/contracts';
import type { DeploymentState, MemberBucket } from '@takt/rollout';
import { useState } from 'react';
import type { ReactElement } from 'react';
import { DataTable } from '../parts/data-table.js';
import { To, nodeHref } from '../parts/link.js';
import { Mark } from '../parts/mark.js';
import { Panel } from '../parts/panel.js';
import { BUCKET_SIGNS, DEPLOYMENT_SIGNS } from '../parts/tones.js';
import { useWords } from '../words/words-context.js';
import { BUCKET_ORDER } from './buckets.js';

type Filter = MemberBucket | 'all';

/** Every node of the rollout, in exactly one bucket, with the reason. */
export function MembersPanel({ rollout }: { rollout: RolloutDetail }): ReactElement {
  const t = useWords();
  const [filter, setFilter] = useState<Filter>('all');
  const present = BUCKET_ORDER.filter((bucket) => rollout.counts[bucket] > 0 || bucket === filter);
  const rows = filter === 'all' ? rollout.members : rollout.members.filter((member) => member.bucket === filter);
  const waveName = (member: RolloutMemberView): string => (member.bucket === 'excluded' ? '' : t.rollout.waveName(member.wave));
  return (
    <Panel
      title={t.rollout.members}
      flush
      aside={
        <Chip.Group value={filter} onChange={(value) => setFilter(value)}>
          <span role="radiogroup" aria-label={t.rollout.filter} style={{ display: 'inline-flex', flexWrap: 'wrap', gap: 6 }}>
            <Chip value="all" size="xs">
              {t.rollout.all} {rollout.counts.total}
            </Chip>
            {present.map((bucket) => (
              <Chip key={bucket} value={bucket} size="xs">
                {t.bucket[bucket]} {rollout.counts[bucket]}
              </Chip>
            ))}
          </span>
        </Chip.Group>
      }
    >
      <DataTable
        key={filter}
        label={t.rollout.members}
        rows={rows}
        keyOf={(member) => member.node.id}
        empty={t.rollout.noMembers}
        pageSize={50}
        columns={[
          {
            key: 'bucket',
            label: t.rollout.bucket,
            render: (member) => <Mark sign={BUCKET_SIGNS[member.bucket]}>{t.bucket[member.bucket]}</Mark>,
          },
          {
            key: 'node',
            label: t.rollout.node,
            render: (member) => (
              <span style={{ display: 'inline-flex', flexWrap: 'wrap', gap: '2px 8px' }}>
                <To href={nodeHref(member.node.name)}>{member.node.name}</To>
                {!member.online && <Mark sign={{ tone: 'bad', icon: 'off' }}>{t.node.offline}</Mark>}
              </span>
            ),
          },
          { key: 'site', label: t.rollout.site, render: (member) => member.site },
          { key: 'lines', label: t.rollout.lines, render: (member) => member.lines.join(', ') },
          { key: 'profile', label: t.rollout.profile, render: (member) => <span className="code">{member.profile}</span> },
          { key: 'wave', label: t.rollout.wave, tight: true, render: waveName },
          {
            key: 'deployments',
            label: t.rollout.deployments,
            render: (member) =>
              member.deployments.map(({ id, state, revert }) => (
                <div key={id} className="nowrap" title={id}>
                  <Mark sign={DEPLOYMENT_SIGNS[state as DeploymentState]}>{t.deployment[state as DeploymentState]}</Mark>
                  {revert && <span className="quiet"> {t.rollout.revert}</span>}
                </div>
              )),
          },
          {
            key: 'reason',
            label: t.rollout.reason,
            render: (member) => (
              <>
                {member.reason !== null && <span className="code">{member.reason}</span>} {member.message}
              </>
            ),
          },
        ]}
      />
    </Panel>
  );
}
