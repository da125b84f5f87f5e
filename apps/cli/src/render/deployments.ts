import type { DeploymentDetail, DeploymentView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { shortId } from '../session/resolve-id.js';
import { renderCandidates } from './candidates.js';
import { planWords, stateWord } from './deployment-words.js';
import { formatAgo, formatDateTime, formatTime, NONE } from './figures.js';
import { healthPairs, renderFindings } from './health.js';
import { joinSections, section } from './sections.js';
import { renderPairs, renderTable } from './table.js';

export function renderDeployments(deployments: readonly DeploymentView[], now: number, style: Style): string {
  if (deployments.length === 0) return '';
  return renderTable<DeploymentView>(
    [
      { heading: 'Id', value: (row) => shortId(row.id) },
      { heading: 'Node', value: (row) => row.node.name },
      { heading: 'Line', value: (row) => row.line.name },
      { heading: 'Release', value: (row) => row.release.name },
      { heading: 'State', value: (row) => stateWord(row.state, style) },
      { heading: 'Reason', value: (row) => row.reason ?? NONE },
      { heading: 'Plan', value: (row) => planWords(row.plan) },
      { heading: 'Updated', value: (row) => formatAgo(row.updatedAt, now) },
    ],
    deployments,
    style,
  );
}

type Transition = DeploymentDetail['transitions'][number];

export function renderTransitions(transitions: readonly Transition[], style: Style): string {
  return renderTable<Transition>(
    [
      { heading: 'Time', value: (row) => formatTime(row.at) },
      { heading: 'State', value: (row) => stateWord(row.state, style) },
      { heading: 'By', value: (row) => row.by },
      { heading: 'Reason', value: (row) => row.reason ?? NONE },
      { heading: 'Message', value: (row) => row.message },
    ],
    transitions,
    style,
  );
}

/** Candidates of the build, chosen one included; empty where nothing was built. */
export const candidatesOf = (detail: DeploymentDetail): Parameters<typeof renderCandidates>[0] =>
  detail.build?.result?.kind === 'build' ? detail.build.result.candidates : [];

export function renderDeployment(detail: DeploymentDetail, style: Style): string {
  const build = detail.build?.result?.kind === 'build' ? detail.build.result : undefined;
  return joinSections(
    renderPairs(
      [
        ['Deployment', detail.id],
        ['Release', detail.release.name],
        ['Place', `${detail.line.name}@${detail.node.name}, ${detail.site}`],
        ['State', stateWord(detail.state, style) + (detail.reason === null ? '' : ` (${detail.reason})`)],
        ['Message', detail.message],
        ['Plan', planWords(detail.plan)],
        ...(build === undefined ? [] : ([['Why this plan', build.reason]] as const)),
        ['Made by', detail.createdBy],
        ['Made at', formatDateTime(detail.createdAt)],
        ...(detail.health === null ? [] : healthPairs(detail.health)),
        ...(detail.error === null
          ? []
          : ([
              ['Error', `${detail.error.message} (${detail.error.code})`],
              ['Next', detail.error.action],
            ] as const)),
      ],
      style,
    ),
    section(style.bold('Candidates'), renderCandidates(candidatesOf(detail), style)),
    section(style.bold('Health check'), renderFindings(detail.health?.findings ?? [], style)),
    section(style.bold('History'), renderTransitions(detail.transitions, style)),
  );
}
