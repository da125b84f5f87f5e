import type { JobView } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { shortId } from '../session/resolve-id.js';
import { renderCandidates } from './candidates.js';
import { planWords, stateWord } from './deployment-words.js';
import { formatAgo, formatBytes, formatDateTime, formatDuration, NONE } from './figures.js';
import { joinSections, section } from './sections.js';
import { renderPairs, renderTable } from './table.js';

const progressWords = (job: JobView): string => `${String(Math.floor(job.progress * 100))} %`;

export function renderJobs(jobs: readonly JobView[], now: number, style: Style): string {
  if (jobs.length === 0) return 'There is no job.';
  return renderTable<JobView>(
    [
      { heading: 'Id', value: (job) => shortId(job.id) },
      { heading: 'Kind', value: (job) => job.kind },
      { heading: 'Model', value: (job) => job.model },
      { heading: 'Node', value: (job) => job.node?.name ?? NONE },
      { heading: 'State', value: (job) => stateWord(job.state, style) },
      { heading: 'Phase', value: (job) => job.phase },
      { heading: 'Progress', value: progressWords, align: 'right' },
      { heading: 'ETA', value: (job) => (job.etaSeconds === null ? NONE : formatDuration(job.etaSeconds)), align: 'right' },
      { heading: 'Attempts', value: (job) => String(job.attempts), align: 'right' },
      { heading: 'Updated', value: (job) => formatAgo(job.updatedAt, now) },
    ],
    jobs,
    style,
  );
}

function resultPairs(result: JobView['result']): [string, string][] {
  if (result === null) return [];
  const took: [string, string] = ['Took', formatDuration(result.seconds)];
  if (result.kind === 'calibrate') {
    return [
      ['Statistics', `${result.statistics.digest}, ${formatBytes(result.statistics.sizeBytes)}`],
      ['Images', String(result.images)],
      took,
    ];
  }
  return [
    ['Plan', planWords(result.plan)],
    ['Why this plan', result.reason],
    ['Reused', result.reused ? 'yes, from the disk of the node' : 'no'],
    took,
  ];
}

export function renderJob(job: JobView, style: Style): string {
  return joinSections(
    renderPairs(
      [
        ['Job', job.id],
        ['Kind', job.kind],
        ['Model', job.model],
        ['Node', job.node?.name ?? NONE],
        ['Deployment', job.deploymentId ?? NONE],
        ['State', stateWord(job.state, style)],
        ['Phase', `${job.phase}, ${progressWords(job)}`],
        ['Attempts', String(job.attempts)],
        ['Made', formatDateTime(job.createdAt)],
        ...resultPairs(job.result),
        ...(job.error === null
          ? []
          : ([
              ['Error', `${job.error.message} (${job.error.code})`],
              ['Next', job.error.action],
            ] as [string, string][])),
      ],
      style,
    ),
    section(style.bold('Candidates'), job.result?.kind === 'build' ? renderCandidates(job.result.candidates, style) : ''),
  );
}
