import type { BuildResult } from '@takt/contracts';
import type { Style } from '../output/style.js';
import { threadsWord } from './deployment-words.js';
import { formatBytes, formatFps, formatMap, formatMs, formatPoints } from './figures.js';
import { renderTable } from './table.js';

type Candidate = BuildResult['candidates'][number];

const verdictWord = (verdict: Candidate['verdict'], style: Style): string => {
  if (verdict === 'chosen') return style.good(verdict);
  return verdict === 'rejected' ? style.bad(verdict) : verdict;
};

/** What a build tried, what each measured, and why it was or was not taken. */
export function renderCandidates(candidates: readonly Candidate[], style: Style): string {
  if (candidates.length === 0) return '';
  return renderTable<Candidate>(
    [
      { heading: 'Recipe', value: (row) => row.recipe },
      { heading: 'Threads', value: (row) => threadsWord(row.threads), align: 'right' },
      { heading: 'p50 (ms)', value: (row) => formatMs(row.speed.p50Ms), align: 'right' },
      { heading: 'p95 (ms)', value: (row) => formatMs(row.speed.p95Ms), align: 'right' },
      { heading: 'Capacity (FPS)', value: (row) => formatFps(row.speed.capacityFps), align: 'right' },
      { heading: 'mAP@0.5', value: (row) => formatMap(row.accuracy.map50), align: 'right' },
      { heading: 'mAP@0.5:0.95', value: (row) => formatMap(row.accuracy.map50_95), align: 'right' },
      { heading: 'Drop (points)', value: (row) => formatPoints(row.dropPoints), align: 'right' },
      { heading: 'Size', value: (row) => formatBytes(row.artifactBytes), align: 'right' },
      { heading: 'Verdict', value: (row) => verdictWord(row.verdict, style) },
      { heading: 'Why', value: (row) => row.reason },
    ],
    candidates,
    style,
  );
}
