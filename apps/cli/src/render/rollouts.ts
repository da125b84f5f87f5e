import type { RolloutDetail, RolloutMemberView, RolloutPlanView, RolloutView } from '@takt/contracts';
import { oneLine } from '../output/one-line.js';
import type { Style } from '../output/style.js';
import { formatAgo, formatDateTime, formatTime, NONE } from './figures.js';
import { renderGate } from './gates.js';
import { countWords, policyPairs, progressWord, waitingFor, waveName } from './rollout-words.js';
import { joinSections, section } from './sections.js';
import { renderPairs, renderTable } from './table.js';

export function renderRollouts(rollouts: readonly RolloutView[], now: number, style: Style): string {
  if (rollouts.length === 0) return 'There is no rollout. Start one with: takt rollout start RELEASE';
  return renderTable<RolloutView>(
    [
      { heading: 'Rollout', value: (row) => row.name },
      { heading: 'Release', value: (row) => row.release.name },
      { heading: 'Phase', value: (row) => progressWord(row.phase, style) },
      { heading: 'Wave', value: (row) => `${String(row.currentWave + 1)} of ${String(row.waves.length)}`, align: 'right' },
      { heading: 'Nodes', value: (row) => countWords(row.counts) },
      { heading: 'Waits for', value: (row) => row.hold?.code ?? NONE },
      { heading: 'Updated', value: (row) => formatAgo(row.updatedAt, now) },
    ],
    rollouts,
    style,
  );
}

export function renderRollout(detail: RolloutDetail, style: Style): string {
  const waiting = waitingFor(detail);
  return joinSections(
    renderPairs(
      [
        ['Rollout', `${detail.name} (${detail.id})`],
        ['Release', `${detail.release.name} of model ${detail.model}`],
        ['Phase', progressWord(detail.phase, style)],
        ...(waiting === '' ? [] : ([['Waits for', waiting]] as const)),
        ...(detail.hold === null ? [] : ([['Next', detail.hold.suggestedAction]] as const)),
        ['Nodes', countWords(detail.counts)],
        ['Started', `${formatDateTime(detail.createdAt)} by ${detail.createdBy}`],
        ...(detail.endedAt === null ? [] : ([['Ended', formatDateTime(detail.endedAt)]] as const)),
        ...policyPairs(detail.policy),
      ],
      style,
    ),
    section(style.bold('Waves'), renderWaves(detail, style)),
    section(style.bold('Nodes'), renderMembers(detail, style)),
    ...detail.gates.map((gate) => renderGate(gate, style)),
  );
}

function renderWaves(detail: RolloutDetail, style: Style): string {
  return renderTable<RolloutDetail['waves'][number]>(
    [
      { heading: 'Wave', value: (row) => row.name },
      { heading: 'Step', value: (row) => progressWord(row.step, style) },
      { heading: 'Nodes', value: (row) => countWords(row.counts) },
      { heading: 'Started', value: (row) => (row.startedAt === null ? NONE : formatTime(row.startedAt)) },
      { heading: 'Ended', value: (row) => (row.endedAt === null ? NONE : formatTime(row.endedAt)) },
      { heading: 'Approved by', value: (row) => row.approvedBy ?? NONE },
    ],
    detail.waves,
    style,
  );
}

function renderMembers(detail: RolloutDetail, style: Style): string {
  if (detail.members.length === 0) return '';
  return renderTable<RolloutMemberView>(
    [
      { heading: 'Node', value: (row) => row.node.name },
      { heading: 'Site', value: (row) => row.site },
      { heading: 'Lines', value: (row) => row.lines.join(', ') },
      { heading: 'Profile', value: (row) => row.profile },
      { heading: 'Wave', value: (row) => (row.bucket === 'excluded' ? NONE : waveName(detail, row.wave)) },
      { heading: 'Stands at', value: (row) => progressWord(row.bucket, style) },
      { heading: 'Reason', value: (row) => row.reason ?? NONE },
      { heading: 'Message', value: (row) => row.message },
    ],
    detail.members,
    style,
  );
}

export function renderRolloutPlan(plan: RolloutPlanView, style: Style): string {
  const rows = plan.waves.flatMap((wave) => wave.nodes.map((node) => ({ wave: wave.name, ...node })));
  return joinSections(
    renderPairs([['Release', `${plan.release.name} of model ${plan.model}`], ...policyPairs(plan.policy)], style),
    section(
      style.bold('Waves'),
      rows.length === 0
        ? 'no node would be moved'
        : renderTable(
            [
              { heading: 'Wave', value: (row) => row.wave },
              { heading: 'Node', value: (row) => row.name },
              { heading: 'Site', value: (row) => row.site },
              { heading: 'Profile', value: (row) => row.profile },
              { heading: 'State', value: (row) => (row.online ? style.good('online') : style.bad('offline')) },
            ],
            rows,
            style,
          ),
    ),
    section(
      style.bold('Excluded'),
      plan.excluded.length === 0
        ? ''
        : renderTable(
            [
              { heading: 'Node', value: (row) => row.name },
              { heading: 'Site', value: (row) => row.site },
              { heading: 'Reason', value: (row) => row.code },
              { heading: 'Message', value: (row) => row.message },
            ],
            plan.excluded,
            style,
          ),
    ),
    plan.conflicts.length === 0
      ? ''
      : `${oneLine(`${style.warn('Unfinished rollouts share nodes with it:')} ${plan.conflicts.map(({ name }) => name).join(', ')}`)}\n` +
          `${style.bold('Next:')} wait for them, abort them, or start with --supersede`,
  );
}
